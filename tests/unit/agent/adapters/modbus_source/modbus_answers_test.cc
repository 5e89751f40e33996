// Answers that must never become a value: wrong, cut, for somebody else, late.
#include <atomic>
#include <functional>

#include "tests/unit/agent/adapters/modbus_source/rig.h"
#include "tests/unit/protocols/modbus/frames.h"

namespace edge {
namespace {

using namespace std::chrono_literals;
using test::at_once;
using test::MockReply;
using test::MockRequest;
using test::ModbusSourceTest;
using test::rtu_value;
using test::sensor;
using test::tcp_value;

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

}  // namespace
}  // namespace edge
