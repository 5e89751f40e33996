#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/adapters/modbus_source/modbus_source.h"
#include "protocols/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/agent/adapters/modbus_source/mock_slave.h"

/// A source and everything it says.
namespace edge::test {

using namespace std::chrono_literals;

inline MockReply at_once(std::string bytes) { return {{{0ms, std::move(bytes)}}, false}; }
inline MockReply tcp_value(const MockRequest& request, std::uint16_t value) {
  return at_once(tcp_frame(request.transaction, read_pdu(request, value)));
}
inline MockReply rtu_value(const MockRequest& request, std::uint16_t value) {
  return at_once(rtu_frame(read_pdu(request, value)));
}

/// Everything a source says, kept for the test.
class Heard : public PollSink, public ScaleSink {
 public:
  Result<void> accept_poll(const PolledAnswer& answer) override {
    const std::lock_guard lock(mutex_);
    answers.push_back(answer);
    changed_.notify_all();
    if (full) return fail(Errc::kFull, "no room");
    return {};
  }
  void sample(std::string_view scale, const WeightSample& sample, std::int64_t mono_ms) override {
    const std::lock_guard lock(mutex_);
    samples.push_back(sample);
    scale_name = scale;
    last_mono_ms = mono_ms;
    changed_.notify_all();
  }
  void trouble(std::string_view scale, std::string_view /*raw*/, std::string_view why, std::int64_t) override {
    const std::lock_guard lock(mutex_);
    scale_name = scale;
    troubles.emplace_back(why);
    changed_.notify_all();
  }
  void tap(std::string_view source, std::string_view bytes, std::string_view what) {
    const std::lock_guard lock(mutex_);
    taps.push_back(std::string(source) + " " + to_hex(bytes) + " " + std::string(what));
    changed_.notify_all();
  }
  void log(std::string_view line) {
    const std::lock_guard lock(mutex_);
    logs.emplace_back(line);
    changed_.notify_all();
  }
  /// Waits until `done` holds, at most ten seconds.
  template <class Done>
  bool until(Done done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, done);
  }
  /// A look at what was heard so far.
  template <class Look>
  auto with(Look look) {
    const std::lock_guard lock(mutex_);
    return look();
  }

  std::vector<PolledAnswer> answers;
  std::vector<WeightSample> samples;
  std::vector<std::string> troubles, taps, logs;
  std::string scale_name;
  std::int64_t last_mono_ms = 0;
  bool full = false;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

inline modbus::RegisterMap sensor_map() {
  modbus::RegisterMap map;
  map.name = "xy-md02";
  map.function = 4;
  map.values = {{"temperature", 1, modbus::WordType::kI16, "0.1", "C", {}},
                {"humidity", 2, modbus::WordType::kU16, "0.1", "%", {}}};
  return map;
}

inline modbus::RegisterMap scale_map() {
  modbus::RegisterMap map;
  map.name = "laumas-tlb";
  map.values = {{"gross", 7, modbus::WordType::kU32, "1", "kg", {}}, {"net", 9, modbus::WordType::kU32, "1", "kg", {}}};
  map.status = modbus::MapStatus{6, modbus::WordType::kU16, {}};
  map.status->bits.stable = 11;
  map.status->bits.negative_gross = 7;
  return map;
}

inline ModbusBusSettings bus(std::chrono::milliseconds timeout = 100ms) {
  ModbusBusSettings settings;
  settings.name = "bus1";
  settings.line = "115200 8N1";
  settings.timeout = timeout;
  return settings;
}
inline ModbusSlave sensor(int unit, std::chrono::milliseconds every = 10ms) {
  return {unit, "silo-a", "shed-t" + std::to_string(unit), sensor_map(), every};
}

class ModbusSourceTest : public testing::Test {
 protected:
  void run(ModbusBusSettings settings) {
    source_ = std::make_unique<ModbusSource>(
        std::move(settings), heard_, heard_, clock_,
        [this](std::string_view source, std::string_view bytes, std::string_view what) {
          heard_.tap(source, bytes, what);
        },
        [this](std::string_view line) { heard_.log(line); });
    source_->start();
  }
  void run_tcp(TcpSlave& slave, std::vector<ModbusSlave> slaves, std::chrono::milliseconds timeout = 100ms) {
    auto settings = bus(timeout);
    settings.tcp = slave.address();
    settings.slaves = std::move(slaves);
    run(std::move(settings));
  }
  void run_rtu(const std::string& port, std::vector<ModbusSlave> slaves, std::chrono::milliseconds timeout = 100ms) {
    auto settings = bus(timeout);
    settings.port = port;
    settings.slaves = std::move(slaves);
    run(std::move(settings));
  }
  bool wait_for_answers(std::size_t count) {
    return heard_.until([&] { return heard_.answers.size() >= count; });
  }
  /// Waits until a line with `part` was logged.
  bool wait_for_log(const std::string& part) {
    return heard_.until([&] {
      return std::any_of(heard_.logs.begin(), heard_.logs.end(),
                         [&](const std::string& line) { return line.find(part) != std::string::npos; });
    });
  }
  std::string first_value() {
    return heard_.with([&] { return heard_.answers.at(0).readings.at(0).value.value_or("none"); });
  }

  FakeClock clock_;
  Heard heard_;
  std::unique_ptr<ModbusSource> source_;
};

}  // namespace edge::test
