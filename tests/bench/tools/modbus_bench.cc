#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "agent/adapters/modbus_source/modbus_source.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/adapters/system_clock/system_clock.h"
#include "agent/core/ingest.h"
#include "agent/core/tap.h"

/// Polls a second of one Modbus TCP connection: a bare libmodbus loop, the agent's source alone, and the source with
/// judging and commit behind it. The configuration allows no slave to be asked more often than every 100 ms, so the
/// source is made here with `every` = 0: it asks again as soon as it is done.
namespace edge::bench {
namespace {

using Clock_ = std::chrono::steady_clock;
constexpr int kRegisters = 20;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

/// A slave in a process of its own that answers until this one ends.
int start_slave() {
  modbus_t* const context = modbus_new_tcp("127.0.0.1", 0);
  const int listener = modbus_tcp_listen(context, 8);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (listener < 0 || ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("cannot listen");
  }
  if (::fork() != 0) return ntohs(address.sin_port);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  modbus_mapping_t* const map = modbus_mapping_new(0, 0, 64, 64);
  for (int n = 0; n < 64; ++n) map->tab_registers[n] = map->tab_input_registers[n] = static_cast<std::uint16_t>(200 + n);
  while (true) {
    int socket = listener;
    if (modbus_tcp_accept(context, &socket) < 0) _exit(1);
    std::uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    for (int got = 0; (got = modbus_receive(context, query)) >= 0;) {
      if (got > 0) modbus_reply(context, query, got, map);
    }
    modbus_close(context);
  }
}

struct Rate {
  double per_s = 0, cpu_us = 0;
};

Rate bare(int port, double seconds) {
  modbus_t* const context = modbus_new_tcp("127.0.0.1", port);
  modbus_set_slave(context, 1);
  if (modbus_connect(context) != 0) throw std::runtime_error("cannot connect");
  std::uint16_t registers[kRegisters];
  const double cpu = cpu_seconds();
  const auto begin = Clock_::now();
  std::int64_t polls = 0;
  for (; Clock_::now() - begin < std::chrono::duration<double>(seconds); ++polls) {
    if (modbus_read_input_registers(context, 0, kRegisters, registers) != kRegisters) throw std::runtime_error("no answer");
  }
  const double took = std::chrono::duration<double>(Clock_::now() - begin).count();
  const Rate rate{static_cast<double>(polls) / took, (cpu_seconds() - cpu) / static_cast<double>(polls) * 1e6};
  modbus_close(context);
  modbus_free(context);
  return rate;
}

class CountedPolls : public PollSink {
 public:
  explicit CountedPolls(PollSink* next) : next_(next) {}
  Result<void> accept_poll(const PolledAnswer& answer) override {
    ++count;
    return next_ != nullptr ? next_->accept_poll(answer) : Result<void>{};
  }
  std::atomic<std::int64_t> count{0};

 private:
  PollSink* next_;
};

class NoScales : public ScaleSink {
 public:
  void sample(std::string_view, const WeightSample&, std::int64_t) override {}
  void trouble(std::string_view, std::string_view, std::string_view, std::int64_t) override {}
};

/// Registers 0 to 19 as `values` values, so that one request reads them all.
modbus::RegisterMap map_of(int values) {
  modbus::RegisterMap map;
  map.name = "bench";
  map.function = 4;
  for (int n = 0; n < values; ++n) {
    const int reg = n == values - 1 ? kRegisters - 1 : n * kRegisters / values;
    map.values.push_back({"m" + std::to_string(n), static_cast<std::uint16_t>(reg), modbus::WordType::kU16, "0.1", "C", {}});
  }
  return map;
}

Rate source(int port, double seconds, int values, PollSink* next) {
  const SystemClock clock;
  CountedPolls polls(next);
  NoScales scales;
  ModbusBusSettings settings;
  settings.name = "bench";
  settings.tcp = "127.0.0.1:" + std::to_string(port);
  settings.slaves.push_back({1, "silo-a", "dev1", map_of(values), std::chrono::milliseconds(0)});
  Tap tap;  // the agent keeps the latest frames for `edge-agent tap`
  const auto note = [&](std::string_view bus_name, std::string_view bytes, std::string_view what) {
    tap.note(bus_name, bytes, what, clock.utc_ms());
  };
  ModbusSource bus(std::move(settings), polls, scales, clock, note, nullptr);
  bus.start();
  while (polls.count == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const double cpu = cpu_seconds();
  const auto begin = Clock_::now();
  const std::int64_t before = polls.count;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const auto count = static_cast<double>(polls.count - before);
  const double took = std::chrono::duration<double>(Clock_::now() - begin).count();
  const Rate rate{count / took, (cpu_seconds() - cpu) / count * 1e6};
  bus.stop();
  return rate;
}

Rate stored(int port, double seconds, int values, const std::string& dir) {
  const SystemClock clock;
  StoreOptions options;
  options.dir = dir;
  options.gateway = "gw-test";
  options.min_free = 0;
  auto store = SqliteStore::open(options, clock);
  if (!store) throw std::runtime_error(store.error().detail);
  Ingest ingest(**store, clock, {});
  return source(port, seconds, values, &ingest);
}

void print(const char* name, const Rate& rate, bool last = false) {
  std::printf("\"%s\":{\"per_s\":%.0f,\"cpu_us\":%.1f}%s", name, rate.per_s, rate.cpu_us, last ? "}\n" : ",");
}

}  // namespace
}  // namespace edge::bench

int main(int argc, char** argv) {
  double seconds = 1;
  int values = 4;
  std::string dir;
  CLI::App app("Polls/s of one Modbus TCP connection, 20 registers: bare libmodbus, the agent's source, with the store.",
               "modbus-bench");
  app.add_option("dir", dir, "Empty directory for the store")->required();
  app.add_option("--seconds", seconds, "Of each")->capture_default_str();
  app.add_option("--values", values, "Readings of the 20 registers")->check(CLI::Range(2, 20))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    using namespace edge::bench;
    const int port = start_slave();
    std::putchar('{');
    print("bare", bare(port, seconds));
    print("source", source(port, seconds, values, nullptr));
    print("stored", stored(port, seconds, values, dir), true);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "modbus-bench: %s\n", e.what());
    return 1;
  }
}
