#include "mock_devices/mock_iot/journal.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "protocols/bytes.h"
#include "protocols/record/sha256.h"

namespace edge::mock {
namespace {

std::int64_t utc_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Journal::Journal(const std::filesystem::path& path) : on_(!path.empty()) {
  if (on_) {
    file_.open(path, std::ios::app);
    if (!file_) {
      throw std::runtime_error("--journal: cannot write " + path.string());
    }
  }
}

void Journal::sent(std::uint64_t n, const SensorMessage& message) {
  if (!on_) {
    return;
  }
  const nlohmann::ordered_json line{{"n", n},
                                    {"topic", message.topic},
                                    {"device", message.device},
                                    {"behaviour", message.behaviour},
                                    {"payload", raw_text(message.payload)},
                                    {"sha256", sha256_hex(message.payload)},
                                    {"bytes", message.payload.size()},
                                    {"has_time", message.has_time},
                                    {"sent", utc_ms()}};
  const std::scoped_lock lock(mutex_);
  file_ << line.dump() << '\n' << std::flush;
}

void Journal::acked(std::uint64_t n) {
  if (on_) {
    const std::scoped_lock lock(mutex_);
    file_ << R"({"n":)" << n << R"(,"acked":)" << utc_ms() << "}\n" << std::flush;
  }
}

void Journal::resent(std::uint64_t n) {
  if (on_) {
    const std::scoped_lock lock(mutex_);
    file_ << R"({"n":)" << n << R"(,"resent":)" << utc_ms() << "}\n";
  }
}

void Journal::flush() {
  if (on_) {
    const std::scoped_lock lock(mutex_);
    file_.flush();
  }
}

}  // namespace edge::mock
