#include "agent/adapters/modbus_source/modbus_source.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "protocols/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/agent/adapters/modbus_source/mock_slave.h"
#include "tests/unit/protocols/modbus/frames.h"

namespace edge {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::MockReply;
using test::MockRequest;
using testing::HasSubstr;

MockReply at_once(std::string bytes) { return {{{0ms, std::move(bytes)}}, false}; }
MockReply tcp_value(const MockRequest& request, std::uint16_t value) {
  return at_once(test::tcp_frame(request.transaction, test::read_pdu(request, value)));
}
MockReply rtu_value(const MockRequest& request, std::uint16_t value) {
  return at_once(test::rtu_frame(test::read_pdu(request, value)));
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

modbus::RegisterMap sensor_map() {
  modbus::RegisterMap map;
  map.name = "xy-md02";
  map.function = 4;
  map.values = {{"temperature", 1, modbus::WordType::kI16, "0.1", "C", {}},
                {"humidity", 2, modbus::WordType::kU16, "0.1", "%", {}}};
  return map;
}

modbus::RegisterMap scale_map() {
  modbus::RegisterMap map;
  map.name = "laumas-tlb";
  map.values = {{"gross", 7, modbus::WordType::kU32, "1", "kg", {}}, {"net", 9, modbus::WordType::kU32, "1", "kg", {}}};
  map.status = modbus::MapStatus{6, modbus::WordType::kU16, {}};
  map.status->bits.stable = 11;
  map.status->bits.negative_gross = 7;
  return map;
}

ModbusBusSettings bus(std::chrono::milliseconds timeout = 100ms) {
  ModbusBusSettings settings;
  settings.name = "bus1";
  settings.line = "115200 8N1";
  settings.timeout = timeout;
  return settings;
}
ModbusSlave sensor(int unit, std::chrono::milliseconds every = 10ms) {
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
  void run_tcp(test::TcpSlave& slave, std::vector<ModbusSlave> slaves, std::chrono::milliseconds timeout = 100ms) {
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

  test::FakeClock clock_;
  Heard heard_;
  std::unique_ptr<ModbusSource> source_;
};

TEST_F(ModbusSourceTest, ReadsASensorOverTcp) {
  test::TcpSlave slave([](const MockRequest& request) { return tcp_value(request, 285); });
  run_tcp(slave, {sensor(3)});
  ASSERT_TRUE(wait_for_answers(3));
  const auto answer = heard_.with([&] { return heard_.answers[0]; });
  EXPECT_EQ(answer.site, "silo-a");
  EXPECT_EQ(answer.device, "shed-t3");
  ASSERT_EQ(answer.readings.size(), 2U);
  EXPECT_EQ(answer.readings[0].value, "28.5");
  EXPECT_EQ(answer.readings[1].metric, "humidity");
  EXPECT_EQ(to_hex(answer.raw), "011d011d");
  EXPECT_EQ(slave.connections(), 1);
  ASSERT_TRUE(wait_for_log("bus1/3: up"));
  EXPECT_EQ(source_->status().state, "up");
  EXPECT_EQ(source_->status().name, "bus1");
  ASSERT_EQ(source_->slaves().size(), 1U);
  EXPECT_EQ(source_->slaves()[0].name, "bus1/3");
  EXPECT_EQ(source_->slaves()[0].state, "up");
  EXPECT_EQ(source_->slaves()[0].error, "");
}

TEST_F(ModbusSourceTest, ReadsASensorOverASerialLineAndShowsItInTheTap) {
  test::RtuSlave slave([](const MockRequest& request) { return rtu_value(request, 285); });
  run_rtu(slave.port(), {sensor(1)});
  ASSERT_TRUE(wait_for_answers(2)) << source_->status().error;
  EXPECT_EQ(first_value(), "28.5");
  const auto taps = heard_.with([&] { return heard_.taps; });
  EXPECT_THAT(taps, testing::Contains(testing::AllOf(HasSubstr("bus1 010404011d011d"), HasSubstr("slave 1"))));
}

TEST_F(ModbusSourceTest, HandsSamplesOfAScaleOver) {
  test::RtuSlave slave([](const MockRequest& request) {
    if (request.count != 5) return rtu_value(request, 0);
    return at_once(modbus::test::frame_of("01 03 0A 08 00 00 00 96 28 00 00 96 28 B7 D2"));
  });
  run_rtu(slave.port(), {{1, "silo-a", "ws1", scale_map(), 10ms}});
  ASSERT_TRUE(heard_.until([&] { return heard_.samples.size() >= 2; })) << source_->status().error;
  const auto sample = heard_.with([&] { return heard_.samples[0]; });
  EXPECT_EQ(sample.value, (Weight{38440, 0}));
  EXPECT_EQ(sample.stable, Tri::kYes);
  EXPECT_EQ(sample.checksum, ChecksumState::kOk);
  EXPECT_EQ(to_hex(sample.raw), "08000000962800009628");
  EXPECT_EQ(heard_.with([&] { return heard_.scale_name; }), "ws1");
  EXPECT_EQ(heard_.with([&] { return heard_.last_mono_ms; }), clock_.mono_ms());
}

TEST_F(ModbusSourceTest, TellsAScaleOfItsSilence) {
  test::RtuSlave slave([](const MockRequest&) { return MockReply{}; });
  run_rtu(slave.port(), {{1, "silo-a", "ws1", scale_map(), 10ms}}, 30ms);
  ASSERT_TRUE(heard_.until([&] { return heard_.troubles.size() >= 2; }));
  EXPECT_EQ(heard_.with([&] { return heard_.troubles[0]; }), "no answer within 30 ms");
  EXPECT_TRUE(heard_.with([&] { return heard_.samples.empty(); }));
}

struct Bad {
  const char* name;
  std::function<MockReply(const MockRequest&)> reply;
  const char* said;
};
std::ostream& operator<<(std::ostream& out, const Bad& bad) { return out << bad.name; }

/// Answers over TCP that must never become a value.
const Bad kBadTcp[] = {
    {"WrongTransaction",
     [](const MockRequest& r) { return at_once(test::tcp_frame(r.transaction + 1, test::read_pdu(r, 999))); },
     "another question"},
    {"WrongUnit",
     [](MockRequest r) {
       r.unit = 9;
       return tcp_value(r, 999);
     },
     "slave 9 answered"},
    {"WrongFunction",
     [](MockRequest r) {
       r.function = 3;
       return tcp_value(r, 999);
     },
     "another function"},
    {"MoreRegisters",
     [](MockRequest r) {
       r.count += 1;
       return tcp_value(r, 999);
     },
     "another number of registers"},
    {"NotModbus",
     [](const MockRequest& r) {
       auto frame = test::tcp_frame(r.transaction, test::read_pdu(r, 999));
       frame[3] = 1;
       return at_once(frame);
     },
     "not Modbus"},
    {"WrongLength",
     [](const MockRequest& r) {
       auto frame = test::tcp_frame(r.transaction, test::read_pdu(r, 999));
       frame[5] = 99;
       return at_once(frame);
     },
     "length is wrong"},
    {"CutShort",
     [](const MockRequest& r) {
       auto frame = test::tcp_frame(r.transaction, test::read_pdu(r, 999));
       frame.resize(frame.size() - 1);
       return at_once(frame);
     },
     "no answer within"},
    {"HungUpInTheMiddle",
     [](const MockRequest& r) {
       auto reply = at_once(test::tcp_frame(r.transaction, test::read_pdu(r, 999)).substr(0, 8));
       reply.hang_up = true;
       return reply;
     },
     "bus1/3: "},
    {"Silence", [](const MockRequest&) { return MockReply{}; }, "no answer within 40 ms"},
    {"GatewayWithoutSlave",
     [](const MockRequest& r) { return at_once(test::tcp_frame(r.transaction, test::exception_pdu(r, 11))); },
     "exception 11: gateway: the slave does not answer"},
    {"Exception",
     [](const MockRequest& r) { return at_once(test::tcp_frame(r.transaction, test::exception_pdu(r, 2))); },
     "exception 2: illegal data address"},
};

class BadTcpAnswer : public ModbusSourceTest, public testing::WithParamInterface<Bad> {};
TEST_P(BadTcpAnswer, IsNoValueAndTheNextGoodOneIs) {
  std::atomic<bool> well{false};
  test::TcpSlave slave(
      [&](const MockRequest& request) { return well ? tcp_value(request, 285) : GetParam().reply(request); });
  run_tcp(slave, {sensor(3)}, 40ms);
  ASSERT_TRUE(wait_for_log(GetParam().said)) << heard_.with([&] { return testing::PrintToString(heard_.logs); });
  EXPECT_EQ(source_->slaves()[0].state, "down");
  EXPECT_NE(source_->slaves()[0].error, "");
  well = true;
  ASSERT_TRUE(wait_for_answers(1));
  ASSERT_TRUE(wait_for_log("bus1/3: up"));
  EXPECT_EQ(first_value(), "28.5");
}
INSTANTIATE_TEST_SUITE_P(All, BadTcpAnswer, testing::ValuesIn(kBadTcp),
                         [](const auto& each) { return each.param.name; });

const Bad kBadRtu[] = {
    {"WrongCrc",
     [](const MockRequest& r) {
       auto frame = test::rtu_frame(test::read_pdu(r, 999));
       frame.back() = static_cast<char>(frame.back() ^ 1);
       return at_once(frame);
     },
     "CRC is wrong"},
    {"AnotherSlave",
     [](MockRequest r) {
       r.unit = 9;
       return rtu_value(r, 999);
     },
     "another slave answered"},
    {"WrongFunction",
     [](MockRequest r) {
       r.function = 3;
       return rtu_value(r, 999);
     },
     "another function"},
    {"MoreRegisters",
     [](MockRequest r) {
       r.count += 1;
       return rtu_value(r, 999);
     },
     "another number of registers"},
    {"CutShort",
     [](const MockRequest& r) {
       auto frame = test::rtu_frame(test::read_pdu(r, 999));
       frame.resize(frame.size() - 1);
       return at_once(frame);
     },
     "no answer within"},
    {"Noise", [](const MockRequest&) { return at_once(std::string(40, '\x55')); }, "bus1/3: "},
    {"Exception", [](const MockRequest& r) { return at_once(test::rtu_frame(test::exception_pdu(r, 6))); },
     "exception 6: slave device busy"},
};

class BadRtuAnswer : public ModbusSourceTest, public testing::WithParamInterface<Bad> {};
TEST_P(BadRtuAnswer, IsNoValueAndTheNextGoodOneIs) {
  std::atomic<bool> well{false};
  test::RtuSlave slave(
      [&](const MockRequest& request) { return well ? rtu_value(request, 285) : GetParam().reply(request); });
  run_rtu(slave.port(), {sensor(3)}, 40ms);
  ASSERT_TRUE(wait_for_log(GetParam().said)) << heard_.with([&] { return testing::PrintToString(heard_.logs); });
  EXPECT_EQ(source_->slaves()[0].state, "down");
  well = true;
  ASSERT_TRUE(wait_for_answers(1));
  ASSERT_TRUE(wait_for_log("bus1/3: up"));
  EXPECT_EQ(first_value(), "28.5");
}
INSTANTIATE_TEST_SUITE_P(All, BadRtuAnswer, testing::ValuesIn(kBadRtu),
                         [](const auto& each) { return each.param.name; });

/// The answer the FT-112 manual prints has a wrong CRC: it must not become 100000.
TEST_F(ModbusSourceTest, RefusesTheManualsFrameWithAWrongCrc) {
  test::RtuSlave slave(
      [](const MockRequest&) { return at_once(modbus::test::frame_of("01 03 04 00 01 86 A0 38 4A")); });
  modbus::RegisterMap map;
  map.values = {{"weight", 0, modbus::WordType::kI32, "1", "kg", {}}};
  run_rtu(slave.port(), {{1, "silo-a", "ft112", map, 10ms}}, 40ms);
  ASSERT_TRUE(wait_for_log("the answer's CRC is wrong"));
  EXPECT_TRUE(heard_.with([&] { return heard_.answers.empty(); }));
}

/// A slave that answers each question with its number, some of them after their time.
class LateAnswers : public ModbusSourceTest, public testing::WithParamInterface<int> {
 protected:
  /// Late on purpose answers carry 9,999; those in time the number of the question.
  static constexpr std::uint16_t kLate = 9'999;

  void check_values() {
    for (const auto& answer : heard_.answers) {
      for (const auto& reading : answer.readings) EXPECT_NE(reading.value, "999.9") << "a late answer became a value";
    }
  }
};

TEST_P(LateAnswers, NeverBecomeAValueOnASerialLine) {
  const auto late_by = std::chrono::milliseconds(GetParam());
  std::atomic<int> late{0};
  test::RtuSlave slave([&](const MockRequest& request) {
    const bool is_late = request.number % 5 >= 2;
    late += is_late ? 1 : 0;
    return MockReply{
        {{is_late ? late_by : 0ms,
          test::rtu_frame(test::read_pdu(request, is_late ? kLate : static_cast<std::uint16_t>(request.number)))}},
        false};
  });
  run_rtu(slave.port(), {sensor(1, 1ms)}, 20ms);
  ASSERT_TRUE(heard_.until([&] { return heard_.answers.size() >= 4; }));
  source_->stop();
  EXPECT_GT(late, 4);
  check_values();
}

TEST_P(LateAnswers, NeverBecomeAValueOverTcp) {
  const auto late_by = std::chrono::milliseconds(GetParam());
  test::TcpSlave slave([&](const MockRequest& request) {
    const bool is_late = request.number % 5 >= 2;
    return MockReply{
        {{is_late ? late_by : 0ms, test::tcp_frame(request.transaction, test::read_pdu(request, is_late ? kLate : 1))}},
        false};
  });
  run_tcp(slave, {sensor(1, 1ms)}, 20ms);
  ASSERT_TRUE(heard_.until([&] { return heard_.answers.size() >= 4; }));
  source_->stop();
  EXPECT_GT(slave.connections(), 3);
  check_values();
}
INSTANTIATE_TEST_SUITE_P(By, LateAnswers, testing::Values(30, 60, 75, 110));

TEST_F(ModbusSourceTest, GoesOnWithTheOthersWhenASlaveIsDead) {
  test::RtuSlave slave([](const MockRequest& request) {
    return request.unit == 2 ? MockReply{} : rtu_value(request, static_cast<std::uint16_t>(request.unit * 10));
  });
  run_rtu(slave.port(), {sensor(1), sensor(2), sensor(3)}, 30ms);
  ASSERT_TRUE(wait_for_log("bus1/2: no answer within 30 ms"));
  ASSERT_TRUE(wait_for_answers(20));
  std::set<std::string> devices;
  heard_.with([&] {
    for (const auto& answer : heard_.answers) devices.insert(answer.device);
    return 0;
  });
  EXPECT_EQ(devices, (std::set<std::string>{"shed-t1", "shed-t3"}));
  const auto slaves = source_->slaves();
  EXPECT_EQ(slaves[0].state, "up");
  EXPECT_EQ(slaves[1].state, "down");
  EXPECT_EQ(slaves[2].state, "up");
  EXPECT_EQ(source_->status().state, "up") << "the line itself is fine";
}

TEST_F(ModbusSourceTest, ComesBackWhenTheOtherSideHangsUp) {
  std::atomic<int> asked{0};
  test::TcpSlave slave([&](const MockRequest& request) {
    auto reply = tcp_value(request, 285);
    reply.hang_up = ++asked == 3;
    return reply;
  });
  run_tcp(slave, {sensor(1)});
  ASSERT_TRUE(wait_for_answers(6));
  EXPECT_EQ(slave.connections(), 2);
}

TEST_F(ModbusSourceTest, SaysWhyThereIsNoLine) {
  std::string port;
  {
    test::RtuSlave slave([](const MockRequest& request) { return rtu_value(request, 285); });
    port = slave.port();
    run_rtu(port, {sensor(1), {2, "silo-a", "ws1", scale_map(), 10ms}});
    ASSERT_TRUE(wait_for_answers(1));
  }
  ASSERT_TRUE(wait_for_log("bus1: " + port));
  EXPECT_EQ(source_->status().state, "down");
  EXPECT_THAT(source_->status().error, HasSubstr(port));
  EXPECT_EQ(source_->slaves()[0].state, "down");
  EXPECT_TRUE(heard_.until([&] { return !heard_.troubles.empty(); }));
}

TEST_F(ModbusSourceTest, RefusedConnectionsAreSaid) {
  std::string address;
  {
    address = test::TcpSlave([](const MockRequest&) { return MockReply{}; }).address();
  }
  auto settings = bus();
  settings.tcp = address;
  settings.slaves = {sensor(1)};
  run(std::move(settings));
  ASSERT_TRUE(wait_for_log("bus1: " + address + ": Connection refused"));
  EXPECT_EQ(source_->status().state, "down");
  EXPECT_EQ(source_->slaves()[0].error, "the bus is down");
}

TEST_F(ModbusSourceTest, SaysSoOnceWhenReadingsAreNotStored) {
  test::TcpSlave slave([](const MockRequest& request) { return tcp_value(request, 285); });
  heard_.full = true;
  run_tcp(slave, {sensor(1)});
  ASSERT_TRUE(wait_for_answers(3));
  heard_.with([&] { return heard_.full = false; });
  ASSERT_TRUE(wait_for_log("bus1/1: stored again"));
  source_->stop();
  const auto logs = heard_.logs;
  EXPECT_EQ(std::count(logs.begin(), logs.end(), "bus1/1: not stored: no room"), 1);
}

TEST_F(ModbusSourceTest, StopsWithinOneTimeout) {
  test::RtuSlave slave([](const MockRequest&) { return MockReply{}; });
  run_rtu(slave.port(), {sensor(1)}, 500ms);
  ASSERT_TRUE(heard_.until([&] { return !heard_.logs.empty(); }));
  const auto begin = steady_clock::now();
  source_->stop();
  EXPECT_LT(steady_clock::now() - begin, 1'500ms);
  source_->stop();
}

TEST_F(ModbusSourceTest, StopsWhileNobodyAnswersTheConnect) {
  // A listener whose queue is full leaves a connect without an answer.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int second = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  static_cast<void>(::connect(filler, reinterpret_cast<sockaddr*>(&address), size));
  static_cast<void>(::connect(second, reinterpret_cast<sockaddr*>(&address), size));
  auto settings = bus();
  settings.tcp = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  settings.slaves = {sensor(1)};
  run(std::move(settings));
  const auto begin = steady_clock::now();
  source_->stop();
  EXPECT_LT(steady_clock::now() - begin, 1'100ms);
  for (const int fd : {listener, filler, second}) ::close(fd);
}

TEST_F(ModbusSourceTest, ABusWithoutSlavesDoesNothing) {
  auto settings = bus();
  settings.port = "/nonexistent/tty";
  run(std::move(settings));
  source_->stop();
  EXPECT_EQ(source_->status().state, "down");
  EXPECT_TRUE(source_->slaves().empty());
}

}  // namespace
}  // namespace edge
