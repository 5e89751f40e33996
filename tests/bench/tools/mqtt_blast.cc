#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "tests/bench/tools/tcp.h"

namespace edge::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int port = 1883, devices = 50;
  std::uint32_t count = 100'000, window = 1000, first = 0;
  double rate = 0;
  std::string prefix = "yam/silo-a/dev", suffix = "/observation";
};

std::int64_t utc_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

void append_text(std::string& out, std::string_view text) {
  out += static_cast<char>(text.size() >> 8);
  out += static_cast<char>(text.size() & 255);
  out += text;
}

/// One MQTT packet: fixed header, then `body`.
std::string packet(int head, std::string_view body) {
  std::string out(1, static_cast<char>(head));
  std::size_t left = body.size();
  do {
    out += static_cast<char>((left & 127) | (left > 127 ? 128 : 0));
    left >>= 7;
  } while (left > 0);
  return out.append(body);
}

std::string connect_packet() {
  std::string body;
  append_text(body, "MQTT");
  body += std::string("\x04\x02\x00\x00", 4);  // 3.1.1, clean session, no keepalive
  append_text(body, "blast-" + std::to_string(getpid()));
  return packet(0x10, body);
}

std::string publish_packet(const Options& o, std::uint32_t number) {
  std::string body;
  append_text(body, o.prefix + std::to_string(number % static_cast<std::uint32_t>(o.devices) + 1) + o.suffix);
  const std::uint32_t id = number % 65'535 + 1;
  body += static_cast<char>(id >> 8);
  body += static_cast<char>(id & 255);
  body += R"({"metric":"temperature","value":)" + std::to_string(20 + number % 7) + "." +
          std::to_string(10 + number % 90) + R"(,"unit":"C","ts":)" + std::to_string(utc_ms()) + R"(,"seq":)" +
          std::to_string(o.first + number) + "}";
  return packet(0x32, body);
}

/// Publishes QoS 1 with at most `window` unacknowledged; PUBACKs are counted, not matched.
class Blaster {
 public:
  explicit Blaster(const Options& options) : options_(options), tcp_(options.port) {
    tcp_.write(connect_packet());
    std::array<char, 4> answer{};
    if (::recv(tcp_.fd(), answer.data(), answer.size(), MSG_WAITALL) != 4 || answer[3] != 0) {
      throw std::runtime_error("the broker refuses");
    }
  }

  void run() {
    const auto begin = Clock::now();
    std::uint32_t sent = 0;
    while (acked() < options_.count) {
      const std::uint32_t until = std::min({options_.count, acked() + options_.window, due(begin)});
      std::string out;
      while (sent < until && out.size() < 16'384) out += publish_packet(options_, sent++);
      if (!out.empty()) tcp_.write(out);
      const bool window_full = sent == std::min(options_.count, acked() + options_.window);
      take_acks(window_full ? 1000 : (out.empty() ? 1 : 0));
    }
  }

 private:
  std::uint32_t acked() const { return static_cast<std::uint32_t>(ack_bytes_ / 4); }

  std::uint32_t due(Clock::time_point begin) const {
    if (options_.rate <= 0) return options_.count;
    const double by_now = std::chrono::duration<double>(Clock::now() - begin).count() * options_.rate;
    return static_cast<std::uint32_t>(std::min<double>(by_now, options_.count));
  }

  void take_acks(int wait_ms) {
    pollfd ready{tcp_.fd(), POLLIN, 0};
    if (::poll(&ready, 1, wait_ms) <= 0) return;
    std::array<char, 65'536> bytes;
    const auto got = ::recv(tcp_.fd(), bytes.data(), bytes.size(), 0);
    if (got <= 0) throw std::runtime_error("the broker has closed the connection");
    ack_bytes_ += static_cast<std::uint64_t>(got);
  }

  Options options_;
  Tcp tcp_;
  std::uint64_t ack_bytes_ = 0;  // a PUBACK has 4, and nothing else comes
};

}  // namespace
}  // namespace edge::bench

int main(int argc, char** argv) {
  edge::bench::Options o;
  CLI::App app("Publishes readings at QoS 1 at nearly no cost: packets by hand, no client library.", "mqtt-blast");
  app.add_option("--port", o.port, "Broker on 127.0.0.1")->capture_default_str();
  app.add_option("--count", o.count, "Messages")->capture_default_str();
  app.add_option("--devices", o.devices, "dev1 to devN in turn")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--rate", o.rate, "Messages a second; 0 = as fast as the broker takes them")->capture_default_str();
  app.add_option("--window", o.window, "Not yet acknowledged at most")->check(CLI::Range(1, 60'000));
  app.add_option("--first", o.first, "First seq of the payloads")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    const auto begin = edge::bench::Clock::now();
    edge::bench::Blaster(o).run();
    const double seconds = std::chrono::duration<double>(edge::bench::Clock::now() - begin).count();
    std::printf("{\"count\":%u,\"seconds\":%.3f,\"per_s\":%.0f}\n", o.count, seconds, o.count / seconds);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mqtt-blast: %s\n", e.what());
    return 1;
  }
}
