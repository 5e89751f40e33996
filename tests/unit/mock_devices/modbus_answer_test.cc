#include "mock_devices/mock_scale/modbus_answer.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "protocols/bytes.h"

namespace edge::mock {
namespace {

Display still(std::int64_t gross) {
  Display display;
  display.gross = {gross, 0};
  return display;
}

struct Case {
  const char* name;
  const char* slave;
  Display display;
  const char* request;
  const char* answer;
};

Display net_of_14580() {
  Display display = still(38440);
  display.tare = {14580, 0};
  display.net = true;
  return display;
}

Display over() {
  Display display = still(61000);
  display.over = true;
  return display;
}

// Request and answer of the vendors' documents (with CRC); the last ones made up.
const Case kCases[] = {
    {"LaumasStable", "1=laumas-tlb", still(38440), "01030006000565c8", "01030a08000000962800009628b7d2"},
    {"LaumasNegative", "1=laumas-tlb", still(-20), "01030006000565c8", "01030a09800000001400000014a553"},
    {"DiniNetWithTare", "1=dini-dgt", net_of_14580(), "0104000000053009", "01040a0000962800005d340024a240"},
    {"SensorBoth", "1=xy-md02:30.5:54.6", {}, "010400010002200b", "010404013102222ace"},
    {"SensorBelowZero", "1=xy-md02:-20.5:54.6", {}, "01040001000160 0a", "010402ff33b8d5"},
    {"NoSuchRegister", "1=xy-md02", {}, "0104001000013 00f", "01840 2"},
};

std::string bytes_of(std::string hex) {
  std::erase(hex, ' ');
  return *from_hex(hex);
}

class VendorFrames : public testing::TestWithParam<Case> {};

TEST_P(VendorFrames, AreAnswered) {
  const Case& c = GetParam();
  ModbusAnswer answer(Framing::kRtu);
  const std::string got = answer.of(bytes_of(c.request), image_of(parse_slave(c.slave), c.display));
  const std::string want = bytes_of(c.answer);
  EXPECT_EQ(to_hex(got.substr(0, want.size())), to_hex(want));
  EXPECT_EQ(modbus_crc(got), 0);
}

INSTANTIATE_TEST_SUITE_P(Table, VendorFrames, testing::ValuesIn(kCases),
                         [](const auto& instance) { return instance.param.name; });

TEST(ModbusAnswer, StatusBitsOfOverloadMotionAndZero) {
  Display display = over();
  display.stable = false;
  EXPECT_EQ(image_of(parse_slave("1=laumas-tlb"), display).holding[6], 1U << 2);
  EXPECT_EQ(image_of(parse_slave("1=dini-dgt"), display).input[4], 1U << 4);
  display = still(0);
  display.zero = true;
  EXPECT_EQ(image_of(parse_slave("1=laumas-tlb"), display).holding[6], 1U << 11 | 1U << 12);
  EXPECT_EQ(image_of(parse_slave("1=dini-dgt"), display).input[4], 1U << 2 | 1U << 7);
}

TEST(ModbusAnswer, TcpKeepsTheTransaction) {
  ModbusAnswer answer(Framing::kTcp);
  const std::string request = bytes_of("abcd000000060104 00010002");
  EXPECT_EQ(to_hex(answer.of(request, image_of(parse_slave("1=xy-md02:30.5:54.6"), {}))), "abcd0000000701040401310222");
  EXPECT_EQ(unit_of(request, Framing::kTcp), 1);
}

TEST(ModbusAnswer, FaultsAreFaultsAndNothingElse) {
  const std::string request = bytes_of("010400010002200b"), answer = bytes_of("010404013102222ace");
  EXPECT_NE(modbus_crc(with_wrong_crc(answer, Framing::kRtu)), 0);
  const std::string stranger = with_wrong_unit(answer, Framing::kRtu);
  EXPECT_EQ(modbus_crc(stranger), 0);
  EXPECT_EQ(unit_of(stranger, Framing::kRtu), 0x41);
  const std::string refusal = exception_to(request, 6, Framing::kRtu);
  EXPECT_EQ(to_hex(refusal.substr(0, 3)), "018406");
  EXPECT_EQ(modbus_crc(refusal), 0);
  EXPECT_EQ(to_hex(exception_to(bytes_of("abcd00000006010400010002"), 6, Framing::kTcp)), "abcd00000003018406");
  EXPECT_EQ(to_hex(with_wrong_crc(bytes_of("abcd00000003018406"), Framing::kTcp)), "fecd00000003018406");
}

TEST(ModbusAnswer, ALateAnswerSaysAnotherValue) {
  EXPECT_EQ(image_saying(parse_slave("1=laumas-tlb"), "11111").holding[8], 11111);
  EXPECT_EQ(image_saying(parse_slave("1=xy-md02"), "77.7").input[1], 777);
}

TEST(Slave, MistakesAreNamed) {
  for (const char* wrong : {"", "1", "0=xy-md02", "248=xy-md02", "x=xy-md02", "1=toaster", "1=xy-md02:hot:50",
                            "1=xy-md02:20.05:50", "1=xy-md02:9999:50", "1=xy-md02:20"}) {
    EXPECT_THROW(parse_slave(wrong), std::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace edge::mock
