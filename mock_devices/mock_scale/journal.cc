#include "mock_devices/mock_scale/journal.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "protocols/bytes.h"

namespace edge::mock {

ScaleJournal::ScaleJournal(const std::filesystem::path& path) : on_(!path.empty()) {
  if (on_) {
    file_.open(path, std::ios::app);
    if (!file_) {
      throw std::runtime_error("--journal: cannot write " + path.string());
    }
  }
}

void ScaleJournal::note(const Sent& sent) {
  ++n_;
  if (!on_) {
    return;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  nlohmann::ordered_json line{{"n", n_},
                              {"at", std::chrono::duration_cast<std::chrono::milliseconds>(now).count()},
                              {"out", sent.out},
                              {"hex", to_hex(sent.bytes)},
                              {"value", sent.value},
                              {"stable", sent.stable}};
  if (!sent.request.empty()) {
    line["unit"] = sent.unit;
    line["request"] = to_hex(sent.request);
  }
  if (!sent.fault.empty()) {
    line["fault"] = sent.fault;
  }
  if (sent.lost) {
    line["lost"] = true;
  }
  file_ << line.dump() << '\n' << std::flush;
}

}  // namespace edge::mock
