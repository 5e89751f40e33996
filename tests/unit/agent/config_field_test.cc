// [[modbus]] and [[scale]] of the configuration.
#include <gtest/gtest.h>

#include "agent/config.h"

namespace edge {
namespace {

const std::string kHead = R"([gateway]
id = "gw-silo-a"
devices_dir = ")" EDGE_SOURCE_DIR R"(/deploy/devices"
[frappe]
url = "https://erp.example.org"
key_file = "/k"
)";

/// `text` begins at line 7.
Result<Config> read(const std::string& text) { return parse_config_text(kHead + text, "c.toml"); }

constexpr const char* kBus = R"([[modbus]]
name = "bus1"
port = "/dev/ttyUSB0"
[[modbus.slave]]
unit = 1
device = "shed-t1"
site = "silo-a"
map = "xy-md02"
)";
constexpr const char* kBusScale = R"([[scale]]
device = "ws2"
code = "S2"
site = "silo-a"
modbus = "bus1"
slave = 3
map = "laumas-tlb"
unit = "kg"
e = "0.5"
)";
constexpr const char* kLineScale = R"([[scale]]
device = "ws1"
code = "S1"
site = "silo-a"
profile = "toledo"
tcp = "192.0.2.7:4001"
e = "20"
)";

TEST(FieldConfig, ReadsABusWithItsSlaves) {
  const auto config = read(std::string(kBus) + "every = \"250ms\"\n[[modbus]]\nname = \"b2\"\ntcp = \"[::1]:502\"\n" +
                           "timeout = \"1s\"\n");
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->buses.size(), 2U);
  const auto& bus = config->buses[0];
  EXPECT_EQ(bus.port, "/dev/ttyUSB0");
  EXPECT_EQ(bus.line, "9600 8N1");
  EXPECT_EQ(bus.timeout, std::chrono::milliseconds(300));
  ASSERT_EQ(bus.slaves.size(), 1U);
  EXPECT_EQ(bus.slaves[0].every, std::chrono::milliseconds(250));
  EXPECT_EQ(bus.slaves[0].site, "silo-a");
  ASSERT_EQ(bus.slaves[0].registers.values.size(), 2U);
  EXPECT_EQ(bus.slaves[0].registers.values[0].metric, "temperature");
  EXPECT_EQ(config->buses[1].tcp, "[::1]:502");
  EXPECT_EQ(config->buses[1].timeout, std::chrono::seconds(1));
}

TEST(FieldConfig, ReadsAScaleOfABusWhereverItStands) {
  const auto config = read(std::string(kBusScale) + "max = \"60000\"\nmin = \"400\"\n" + kBus);
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->scales.size(), 1U);
  const auto& scale = config->scales[0];
  EXPECT_EQ(scale.modbus, "bus1");
  EXPECT_EQ(scale.slave, 3);
  EXPECT_TRUE(scale.registers.is_scale());
  EXPECT_EQ(scale.e, (Weight{5, -1}));
  EXPECT_EQ(scale.max, (Weight{60000, 0}));
  EXPECT_EQ(scale.min, (Weight{400, 0}));
  EXPECT_EQ(scale.every, std::chrono::milliseconds(250));
}

TEST(FieldConfig, AScaleOnItsOwnLineTakesTheProfilesLine) {
  std::string text = kLineScale;
  text.replace(text.find("tcp = \"192.0.2.7:4001\""), 22, "port = \"/dev/ttyUSB1\"");
  const auto config = read(text);
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_FALSE(config->scales.at(0).line.empty());
  const auto over_tcp = read(kLineScale);
  ASSERT_TRUE(over_tcp) << over_tcp.error().detail;
  EXPECT_TRUE(over_tcp->scales.at(0).line.empty());
  EXPECT_EQ(over_tcp->scales.at(0).stale_after, std::chrono::milliseconds(1'500));
  const auto slow = read(std::string(kLineScale) + "stale_after = \"5s\"\n");
  ASSERT_TRUE(slow) << slow.error().detail;
  EXPECT_EQ(slow->scales.at(0).stale_after, std::chrono::seconds(5));
  EXPECT_FALSE(read(std::string(kLineScale) + "stale_after = \"11s\"\n"));
}

TEST(FieldConfig, TheSiteIsTheGatewaysWhereNoneIsGiven) {
  std::string text = kHead + kBus;
  text.replace(text.find("site = \"silo-a\"\n"), 16, "");
  const auto none = parse_config_text(text, "c.toml");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().detail, "c.toml:10:1: [[modbus.slave]] site is missing (or [gateway] site)");
  text.insert(text.find("devices_dir"), "site = \"silo-b\"\n");
  const auto config = parse_config_text(text, "c.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->buses[0].slaves[0].site, "silo-b");
}

struct Case {
  const char* name;
  std::string text;
  const char* from;  ///< replaced in the text; the line of the finding counts from the replaced text
  const char* to;
  const char* want;
};
void PrintTo(const Case& given, std::ostream* out) { *out << given.name; }

const Case kCases[] = {
    {"UnknownKey", kBus, "port =", "prt =",
     "c.toml:7:1: [[modbus]] port is missing (or tcp, where a serial server or gateway has the line)\n"
     "c.toml:9:1: [[modbus]] prt is unknown: did you mean port?"},
    {"BusName", kBus, "\"bus1\"", "\"bus 1\"",
     "c.toml:8:8: [[modbus]] name must be 1 to 64 characters of A-Z a-z 0-9 . _ : -"},
    {"PortAndTcp", kBus,
     "port =", "tcp = \"192.0.2.9:502\"\nport =", "c.toml:10:8: [[modbus]] port and tcp exclude each other"},
    {"TcpWithoutPort", kBus, "port = \"/dev/ttyUSB0\"", "tcp = \"192.0.2.9\"",
     "c.toml:9:7: [[modbus]] tcp must be an address and a port such as \"192.0.2.9:502\""},
    {"LineOfTcp", kBus, "port = \"/dev/ttyUSB0\"", "tcp = \"192.0.2.9:502\"\nline = \"9600 8N1\"",
     "c.toml:10:8: [[modbus]] line is for a port: a serial server has its own"},
    {"BadLine", kBus, "port =", "line = \"9600\"\nport =",
     "c.toml:9:8: [[modbus]] line must be speed, data bits, parity and stop bits such as \"9600 8N1\" or \"4800 7E1\""},
    {"SevenBits", kBus, "port =", "line = \"9600 7E1\"\nport =",
     "c.toml:9:8: [[modbus]] line must have 8 data bits such as \"9600 8N1\": Modbus RTU has no others"},
    {"Timeout", kBus,
     "port =", "timeout = \"1ms\"\nport =", "c.toml:9:11: [[modbus]] timeout must be between 20ms and 10s"},
    {"Every", kBus, "unit = 1", "unit = 1\nevery = \"50ms\"",
     "c.toml:12:9: [[modbus.slave]] every must be between 100ms and 24h"},
    {"Unit", kBus, "unit = 1", "unit = 248", "c.toml:11:8: [[modbus.slave]] unit must be a whole number from 1 to 247"},
    {"UnknownMap", kBus, "\"xy-md02\"", "\"xy-md\"",
     "c.toml:14:7: [[modbus.slave]] map " EDGE_SOURCE_DIR "/deploy/devices/xy-md.toml: cannot be read"},
    {"MapByPath", kBus, "\"xy-md02\"", "\"/nonexistent/x.toml\"",
     "c.toml:14:7: [[modbus.slave]] map /nonexistent/x.toml: cannot be read"},
    {"ScaleMapForASensor", kBus, "\"xy-md02\"", "\"laumas-tlb\"",
     "c.toml:14:7: [[modbus.slave]] map is that of a scale: name it in [[scale]]"},
    {"SensorMapForAScale", std::string(kBus) + kBusScale, "\"laumas-tlb\"", "\"xy-md02\"",
     "c.toml:21:7: [[scale]] map has no [status]: that of a sensor cannot weigh"},
    {"BusTwice", std::string(kBus) + "[[modbus]]\nname = \"bus1\"\ntcp = \"192.0.2.9:502\"\n", "", "",
     "c.toml:16:8: [[modbus]] name is that of an earlier bus"},
    {"PortTwice", std::string(kBus) + "[[modbus]]\nname = \"bus2\"\nport = \"/dev/ttyUSB0\"\n", "", "",
     "c.toml:17:8: [[modbus]] port is in use by an earlier section: a line has one reader"},
    {"UnitTwice", std::string(kBus) + kBusScale, "slave = 3", "slave = 1",
     "c.toml:20:9: [[scale]] slave is the unit of an earlier slave of this bus"},
    {"DeviceTwice", std::string(kBus) + kBusScale, "\"ws2\"", "\"shed-t1\"",
     "c.toml:16:10: [[scale]] device is that of an earlier section"},
    {"ScaleOfTwoSites", std::string(kBus) + kBusScale + kLineScale, "\"ws1\"\ncode = \"S1\"\nsite = \"silo-a\"",
     "\"ws2\"\ncode = \"S1\"\nsite = \"silo-b\"",
     "c.toml:25:10: [[scale]] device is that of an earlier scale of this gateway"},
    {"CodeTwice", std::string(kBus) + kBusScale + kLineScale, "\"S1\"", "\"S2\"",
     "c.toml:26:8: [[scale]] code is that of an earlier scale: ticket numbers would collide"},
    {"CodeInSmallLetters", kLineScale, "\"S1\"", "\"s1\"",
     "c.toml:9:8: [[scale]] code must be 1 to 8 characters of A-Z 0-9: it stands in ticket numbers"},
    {"CodeTooLong", kLineScale, "\"S1\"", "\"S12345678\"",
     "c.toml:9:8: [[scale]] code must be 1 to 8 characters of A-Z 0-9: it stands in ticket numbers"},
    {"NoProfile", kLineScale, "profile = \"toledo\"\n", "",
     "c.toml:7:1: [[scale]] profile is missing (or modbus, slave and map)"},
    {"NoLine", kLineScale, "tcp = \"192.0.2.7:4001\"\n", "",
     "c.toml:7:1: [[scale]] port is missing (or tcp, where a serial server or gateway has the line)"},
    {"ProfileAndModbus", std::string(kBus) + kBusScale, "slave = 3", "slave = 3\nprofile = \"toledo\"",
     "c.toml:21:11: [[scale]] profile and modbus exclude each other"},
    {"SlaveWithoutModbus", kLineScale, "e = \"20\"", "slave = 3\ne = \"20\"",
     "c.toml:13:9: [[scale]] slave needs modbus: the name of a [[modbus]] bus"},
    {"NoSuchBus", std::string(kBus) + kBusScale, "modbus = \"bus1\"", "modbus = \"bus9\"",
     "c.toml:19:10: [[scale]] modbus is no [[modbus]] name"},
    {"NoMap", std::string(kBus) + kBusScale, "map = \"laumas-tlb\"\n", "",
     "c.toml:15:1: [[scale]] map is missing: how the slave is read"},
    {"NoUnit", std::string(kBus) + kBusScale, "unit = \"kg\"\n", "",
     "c.toml:15:1: [[scale]] unit is missing: the map names none, it is set at the indicator"},
    {"OtherUnit", kLineScale, "e = \"20\"", "unit = \"stone\"\ne = \"20\"",
     "c.toml:13:8: [[scale]] unit must be one of \"kg\" \"g\" \"t\" \"lb\""},
    {"NoStep", kLineScale, "e = \"20\"\n", "", "c.toml:7:1: [[scale]] e is missing"},
    {"ZeroStep", kLineScale, "\"20\"", "\"0.0\"",
     "c.toml:13:5: [[scale]] e must be above 0: the display step of the scale"},
    {"NegativeStep", kLineScale, "\"20\"", "\"-1\"",
     "c.toml:13:5: [[scale]] e must be a number in double quotes such as \"20\" or \"0.5\""},
    {"BinaryStep", kLineScale, "\"20\"", "0.5",
     "c.toml:13:5: [[scale]] e must be a number in double quotes such as \"20\" or \"0.5\""},
    {"MaxBelowMin", kLineScale, "e = \"20\"", "max = \"400\"\nmin = \"400.0\"\ne = \"20\"",
     "c.toml:13:7: [[scale]] max must be above 0 and above min"},
    {"OneBracket", "[scale]\ndevice = \"ws1\"\n", "", "", "c.toml:7:1: write [[scale]] with two brackets on each side"},
};

class FieldFinding : public testing::TestWithParam<Case> {};
TEST_P(FieldFinding, NamesThePlace) {
  auto text = GetParam().text;
  const std::string from = GetParam().from;
  if (!from.empty()) {
    ASSERT_NE(text.find(from), std::string::npos);
    text.replace(text.find(from), from.size(), GetParam().to);
  }
  const auto config = read(text);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().detail, GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Files, FieldFinding, testing::ValuesIn(kCases),
                         [](const auto& each) { return each.param.name; });

TEST(FieldConfig, NamesTheProfilesThereAre) {
  std::string text = kLineScale;
  text.replace(text.find("\"toledo\""), 8, "\"tolede\"");
  const auto config = read(text);
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().detail.starts_with("c.toml:11:11: [[scale]] profile must be one of \""))
      << config.error().detail;
  EXPECT_NE(config.error().detail.find(" \"toledo\""), std::string::npos);
}

TEST(FieldConfig, ShowsTheFindingsOfAMap) {
  std::string text = kBus;
  const std::string broken = EDGE_SOURCE_DIR "/tests/unit/agent/devices/broken.toml";
  text.replace(text.find("\"xy-md02\""), 9, "\"" + broken + "\"");
  const auto config = read(text);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().detail, "c.toml:14:7: [[modbus.slave]] map cannot be used:\n" + broken +
                                       ":3:12: function must be 3 (holding registers) or 4 (input registers): devices "
                                       "are only read");
}

}  // namespace
}  // namespace edge
