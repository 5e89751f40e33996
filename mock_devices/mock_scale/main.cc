#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "mock_devices/mock_scale/console.h"
#include "mock_devices/mock_scale/modbus_output.h"
#include "mock_devices/mock_scale/options.h"
#include "mock_devices/mock_scale/script.h"

namespace edge::mock {
namespace {

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the signal handler stores into it");

/// Longest pause of the loop: how soon a terminal that was opened, or a deck that came to rest, is noticed.
constexpr std::chrono::milliseconds kLongestPause{5};

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

class Mock {
 public:
  explicit Mock(const ScaleOptions& o)
      : platform_(o.pace),
        indicator_(platform_, o.e, o.max, o.unit),
        journal_(o.journal),
        slaves_(o.slaves),
        console_(scene(), slaves_, outputs_, say),
        script_(platform_, trucks_of(o), {o.pace, o.stand, o.gap}, o.loop) {
    const auto stream = [&](std::unique_ptr<Port> port) {
      return std::make_unique<StreamOutput>(scene(), std::move(port), o.stream);
    };
    const auto modbus = [&](Framing framing) {
      return [this, framing](std::unique_ptr<Port> port) {
        return std::make_unique<ModbusOutput>(scene(), std::move(port), framing, slaves_);
      };
    };
    nlohmann::ordered_json places;
    places["serial"] = open(o.serial, make_pty_port, stream);
    places["serial_tcp"] = open(o.serial_tcp, make_tcp_port, stream);
    places["modbus_tcp"] = open(o.modbus_tcp, make_tcp_port, modbus(Framing::kTcp));
    places["modbus_rtu"] = open(o.modbus_rtu, make_pty_port, modbus(Framing::kRtu));
    say(nlohmann::ordered_json{{"listening", places}}.dump());
  }

  void run() {
    while (!stop_requested) {
      const Ticks now = std::chrono::steady_clock::now();
      Ticks next = std::min(now + kLongestPause, script_.step(now));
      for (const auto& output : outputs_) {
        next = std::min(next, output->send_due(now));
      }
      console_.step(now);
      wait_until(next);
    }
  }

 private:
  Scene scene() { return {platform_, indicator_, faults_, journal_}; }

  static std::vector<std::int64_t> trucks_of(const ScaleOptions& o) {
    std::vector<std::int64_t> trucks;
    for (const Weight& truck : o.trucks) {
      trucks.push_back(*steps_of(truck, o.e));
    }
    return trucks;
  }

  template <class MakePort, class MakeOutput>
  std::vector<std::string> open(const std::vector<std::string>& wanted, MakePort make_port, MakeOutput make_output) {
    std::vector<std::string> places;
    for (const std::string& place : wanted) {
      outputs_.push_back(make_output(make_port(place)));
      places.push_back(outputs_.back()->port().place());
    }
    return places;
  }

  void wait_until(Ticks next) {
    std::vector<pollfd> fds;
    if (input_open_) {
      fds.push_back({STDIN_FILENO, POLLIN, 0});
    }
    for (const auto& output : outputs_) {
      output->port().watch(fds);
    }
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
    if (poll(fds.data(), fds.size(), static_cast<int>(std::max<std::int64_t>(0, pause.count()))) <= 0) {
      return;
    }
    const Ticks now = std::chrono::steady_clock::now();
    for (const pollfd& ready : fds) {
      if (ready.fd == STDIN_FILENO && ready.revents != 0) {
        read_commands(now);
      }
      for (const auto& output : outputs_) {
        output->serve(ready, now);
      }
    }
  }

  void read_commands(Ticks now) {
    std::array<char, 4096> buffer{};
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got > 0) {
      console_.hear({buffer.data(), static_cast<std::size_t>(got)}, now);
    } else if (got == 0) {
      input_open_ = false;  // the script and the lines go on
    }
  }

  Platform platform_;
  Indicator indicator_;
  Faults faults_;
  ScaleJournal journal_;
  std::vector<Slave> slaves_;
  std::vector<std::unique_ptr<Output>> outputs_;
  Console console_;
  Script script_;
  bool input_open_ = true;
};

}  // namespace
}  // namespace edge::mock

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, [](int) { edge::mock::stop_requested = true; });
  std::signal(SIGTERM, [](int) { edge::mock::stop_requested = true; });
  try {
    edge::mock::Mock(edge::mock::parse_scale_options(argc, argv)).run();
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mock-scale: %s\n", e.what());
    return 2;
  }
}
