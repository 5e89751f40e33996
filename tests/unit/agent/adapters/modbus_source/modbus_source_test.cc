#include "agent/adapters/modbus_source/modbus_source.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <set>

#include "tests/unit/agent/adapters/modbus_source/rig.h"
#include "tests/unit/protocols/modbus/frames.h"

namespace edge {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::at_once;
using test::bus;
using test::MockReply;
using test::MockRequest;
using test::ModbusSourceTest;
using test::rtu_value;
using test::scale_map;
using test::sensor;
using test::tcp_value;
using testing::HasSubstr;

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
