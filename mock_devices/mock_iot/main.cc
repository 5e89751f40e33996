#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "mock_devices/mock_iot/fleet.h"
#include "mock_devices/mock_iot/journal.h"
#include "mock_devices/mock_iot/options.h"
#include "mock_devices/mock_iot/publisher.h"
#include "mock_devices/mock_iot/replay.h"

namespace edge::mock {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the signal handler stores into it");

/// One line on stderr: rewritten in place on a terminal, every five seconds elsewhere.
class Progress {
 public:
  Progress(const Options& o, const Publisher& publisher) : quiet_(o.quiet), publisher_(publisher) {}

  void show(bool last) {
    const auto now = Clock::now();
    if (quiet_ || (!last && now - shown_ < (terminal_ ? Seconds(0.2) : Seconds(5)))) {
      return;
    }
    const double span = Seconds(now - shown_).count();
    const std::uint64_t sent = publisher_.sent();
    const std::uint64_t acked = publisher_.acked();
    const std::string trouble = publisher_.connected() ? "" : "  waiting for the broker: " + publisher_.last_error();
    std::fprintf(stderr, "%smock-iot: %llu sent, %llu acknowledged, %llu in flight, %.0f msg/s%s%s",
                 terminal_ ? "\r\033[K" : "", static_cast<unsigned long long>(sent),
                 static_cast<unsigned long long>(acked), static_cast<unsigned long long>(sent - acked),
                 static_cast<double>(acked - acked_before_) / span, trouble.c_str(), terminal_ && !last ? "" : "\n");
    shown_ = now;
    acked_before_ = acked;
  }

 private:
  bool quiet_;
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  const Publisher& publisher_;
  Clock::time_point shown_ = Clock::now();
  std::uint64_t acked_before_ = 0;
};

/// Holds a fleet to its rate; after a pause of the broker it goes on at that rate and does not catch up.
class Pace {
 public:
  explicit Pace(double rate) : step_(rate > 0 ? 1 / rate : 0) {}

  void wait(Seconds extra, Progress& progress) {
    due_ += std::chrono::duration_cast<Clock::duration>(step_ + extra);
    if (Clock::now() - due_ > std::chrono::seconds(1)) {
      due_ = Clock::now();
    }
    while (!stop_requested && Clock::now() < due_) {
      progress.show(false);
      std::this_thread::sleep_until(std::min(due_, Clock::now() + std::chrono::milliseconds(200)));
    }
  }

 private:
  Seconds step_;
  Clock::time_point due_ = Clock::now();
};

void send_all(const Options& o, MessageSource& source, Publisher& publisher, Progress& progress) {
  Pace pace(o.time_scale > 0 ? 0 : o.rate);
  const auto end = o.duration_s > 0 ? Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(o.duration_s))
                                    : Clock::time_point::max();
  while (!stop_requested && Clock::now() < end && (o.count == 0 || publisher.sent() < o.count)) {
    auto message = source.next();
    if (!message) {
      break;
    }
    pace.wait(source.pause(), progress);
    if (!publisher.publish(std::move(*message), stop_requested)) {
      break;
    }
    progress.show(false);
  }
}

int run(const Options& o) {
  std::unique_ptr<MessageSource> source;
  if (o.replay.empty()) {
    source = std::make_unique<Fleet>(o);
  } else {
    source = std::make_unique<Replay>(o);
  }
  Journal journal(o.journal);
  Publisher publisher(o, journal);
  Progress progress(o, publisher);
  const auto begin = Clock::now();
  if (publisher.connect(stop_requested)) {
    send_all(o, *source, publisher, progress);
  }
  const bool complete = publisher.drain(Seconds(o.drain_s));
  const double seconds = Seconds(Clock::now() - begin).count();
  publisher.disconnect();
  journal.flush();
  progress.show(true);
  const nlohmann::ordered_json summary{{"sent", publisher.sent()},
                                       {"acked", publisher.acked()},
                                       {"resent", publisher.resent()},
                                       {"seconds", seconds},
                                       {"per_second", static_cast<double>(publisher.acked()) / seconds}};
  std::printf("%s\n", summary.dump().c_str());
  return complete ? 0 : 1;
}

}  // namespace
}  // namespace edge::mock

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, [](int) { edge::mock::stop_requested = true; });
  std::signal(SIGTERM, [](int) { edge::mock::stop_requested = true; });
  try {
    return edge::mock::run(edge::mock::parse_options(argc, argv));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mock-iot: %s\n", e.what());
    return 2;
  }
}
