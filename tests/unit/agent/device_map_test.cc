#include "agent/device_map.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace edge {
namespace {

using modbus::ByteOrder;
using modbus::WordType;

constexpr const char* kSensor = R"(name = "dev"
source = "test"
[[value]]
metric = "temperature"
register = 1
type = "i16"
)";
constexpr const char* kScale = R"(name = "dev"
source = "test"
[[value]]
metric = "gross"
register = 7
type = "u32"
[status]
register = 6
bits = { stable = 11, negative_gross = 7, error = 0 }
)";

TEST(DeviceMap, ReadsASensor) {
  const auto map = parse_device_map(std::string(kSensor) +
                                        "scale = \"0.1\"\nunit = \"C\"\n"
                                        "sentinels = [\"0x7FFF\", \"0x8000\"]\n",
                                    "x/dev.toml");
  ASSERT_TRUE(map) << map.error().detail;
  EXPECT_EQ(map->name, "dev");
  EXPECT_EQ(map->function, 3);
  EXPECT_EQ(map->order, ByteOrder::kABCD);
  EXPECT_EQ(map->max_registers, 32);
  EXPECT_FALSE(map->verified);
  EXPECT_FALSE(map->is_scale());
  ASSERT_EQ(map->values.size(), 1U);
  EXPECT_EQ(map->values[0].reg, 1);
  EXPECT_EQ(map->values[0].type, WordType::kI16);
  EXPECT_EQ(map->values[0].scale, "0.1");
  EXPECT_EQ(map->values[0].unit, "C");
  EXPECT_EQ(map->values[0].sentinels, (std::vector<std::uint32_t>{0x7FFF, 0x8000}));
}

TEST(DeviceMap, ReadsAScale) {
  const auto map =
      parse_device_map(std::string("verified = true\nfunction = 4\norder = \"CDAB\"\n") + kScale, "dev.toml");
  ASSERT_TRUE(map) << map.error().detail;
  EXPECT_TRUE(map->verified);
  EXPECT_EQ(map->function, 4);
  EXPECT_EQ(map->order, ByteOrder::kCDAB);
  ASSERT_TRUE(map->is_scale());
  EXPECT_EQ(map->status->reg, 6);
  EXPECT_EQ(map->status->type, WordType::kU16);
  EXPECT_EQ(map->status->bits.stable, 11);
  EXPECT_EQ(map->status->bits.unstable, -1);
  EXPECT_EQ(map->status->bits.negative_gross, 7);
  EXPECT_EQ(map->status->bits.error, std::vector<int>{0});
}

struct Case {
  const char* name;
  const char* text;
  const char* from;
  const char* to;
  const char* want;
};
void PrintTo(const Case& given, std::ostream* out) { *out << given.name; }
const Case kCases[] = {
    {"Typo", kSensor, "register", "registr",
     "dev.toml:3:1: [[value]] register is missing\ndev.toml:5:1: [[value]] registr is unknown: did you mean register?"},
    {"TypoAtTheTop", kSensor, "source", "sourc",
     "dev.toml:1:1: source is missing\ndev.toml:2:1: sourc is unknown: did you mean source?"},
    {"OtherName", kSensor, "\"dev\"", "\"other\"", "dev.toml:1:8: name must be that of the file, \"dev\""},
    {"Writes", kSensor, "[[value]]", "function = 6\n[[value]]",
     "dev.toml:3:12: function must be 3 (holding registers) or 4 (input registers): devices are only read"},
    {"Order", kSensor, "[[value]]", "order = \"ABDC\"\n[[value]]",
     "dev.toml:3:9: order must be one of \"ABCD\" \"CDAB\" \"BADC\" \"DCBA\""},
    {"TooManyRegisters", kSensor, "[[value]]", "max_registers = 126\n[[value]]",
     "dev.toml:3:17: max_registers must be a whole number from 2 to 125"},
    {"NoValue", kSensor, "[[value]]\nmetric = \"temperature\"\nregister = 1\ntype = \"i16\"\n", "",
     "dev.toml:1:1: [[value]] is missing"},
    {"OneBracket", kSensor, "[[value]]", "[value]", "dev.toml:3:1: write [[value]] with two brackets on each side"},
    {"Register", kSensor, "register = 1", "register = 65536",
     "dev.toml:5:12: [[value]] register must be a whole number from 0 to 65535"},
    {"LastWordIsMissing", kSensor, "register = 1\ntype = \"i16\"", "register = 65535\ntype = \"f32\"",
     "dev.toml:5:12: [[value]] register has no second word after it"},
    {"Type", kSensor, "\"i16\"", "\"int\"",
     "dev.toml:6:8: [[value]] type must be one of \"i16\" \"u16\" \"i32\" \"u32\" \"f32\""},
    {"Metric", kSensor, "\"temperature\"", "\"Temperature\"",
     "dev.toml:4:10: [[value]] metric must be 1 to 64 characters of a-z 0-9 _ ."},
    {"ScaleIsNoText", kSensor, "type", "scale = 0.1\ntype",
     "dev.toml:6:9: [[value]] scale must be a text in double quotes"},
    {"ScaleOfZero", kSensor, "type", "scale = \"0\"\ntype",
     "dev.toml:6:9: [[value]] scale must be a number in double quotes such as \"0.1\", of at most nine digits"},
    {"ScaleTooLong", kSensor, "type", "scale = \"10000.00001\"\ntype",
     "dev.toml:6:9: [[value]] scale must be a number in double quotes such as \"0.1\", of at most nine digits"},
    {"Sentinel", kSensor, "type", "sentinels = [32767]\ntype",
     "dev.toml:6:13: [[value]] sentinels must be a list of bit patterns such as [\"0x7FFF\"]"},
    {"SentinelNoHex", kSensor, "type", "sentinels = [\"0x\"]\ntype",
     "dev.toml:6:13: [[value]] sentinels must be a list of bit patterns such as [\"0x7FFF\"]"},
    {"SentinelTooWide", kSensor, "type", "sentinels = [\"0x10000\"]\ntype",
     "dev.toml:6:13: [[value]] sentinels have more than 16 bits"},
    {"MetricOfAScale", kScale, "\"gross\"", "\"weight\"",
     "dev.toml:1:1: [[value]] gross or net is missing\n"
     "dev.toml:4:10: [[value]] metric of a scale must be one of \"gross\" \"net\" \"tare\""},
    {"UnitOfAScale", kScale, "type = \"u32\"", "type = \"u32\"\nunit = \"stone\"",
     "dev.toml:7:8: [[value]] unit of a scale must be one of \"kg\" \"g\" \"t\" \"lb\""},
    {"SignTwice", kScale, "\"u32\"", "\"i32\"",
     "dev.toml:6:8: [[value]] type must be \"u16\" or \"u32\": the sign is in the status"},
    {"TareAlone", kScale, "\"gross\"", "\"tare\"", "dev.toml:1:1: [[value]] gross or net is missing"},
    {"StatusOfAnotherMoment", kScale, "register = 6", "register = 40",
     "dev.toml:7:1: [status] must be read in one request with every [[value]]: at most 8 registers between two of "
     "them, "
     "at most max_registers in all"},
    {"BitTypo", kScale, "stable", "stabel", "dev.toml:9:10: [status.bits] stabel is unknown: did you mean stable?"},
    {"BitBeyond32", kScale, "11", "32", "dev.toml:9:19: [status.bits] stable must be a whole number from 0 to 31"},
    {"BitBeyond16", kScale, "error = 0", "error = [0, 16]", "dev.toml:9:8: [status] bits: 16 is beyond its 16 bits"},
    {"ErrorIsText", kScale, "error = 0", "error = \"0\"",
     "dev.toml:9:51: [status.bits] error must be a bit from 0 to 31, or a list of such"},
    {"SignedStatus", kScale, "register = 6", "register = 6\ntype = \"i16\"",
     "dev.toml:9:8: [status] type must be \"u16\" or \"u32\""},
    {"Syntax", kSensor, "[[value]]", "[[value]", "dev.toml:3:"},
};

class DeviceMapFinding : public testing::TestWithParam<Case> {};
TEST_P(DeviceMapFinding, NamesThePlace) {
  std::string text = GetParam().text;
  const std::string from = GetParam().from;
  ASSERT_NE(text.find(from), std::string::npos);
  text.replace(text.find(from), from.size(), GetParam().to);
  const auto map = parse_device_map(text, "dev.toml");
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().code, Errc::kMalformed);
  const std::string want = GetParam().want;
  if (want.ends_with(':')) {
    EXPECT_TRUE(map.error().detail.starts_with(want)) << map.error().detail;
  } else {
    EXPECT_EQ(map.error().detail, want);
  }
}
INSTANTIATE_TEST_SUITE_P(Files, DeviceMapFinding, testing::ValuesIn(kCases),
                         [](const auto& each) { return each.param.name; });

TEST(DeviceMap, AMetricStandsOnce) {
  const std::string twice =
      std::string(kSensor) + "[[value]]\nmetric = \"temperature\"\nregister = 2\ntype = \"i16\"\n";
  const auto map = parse_device_map(twice, "dev.toml");
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().detail, "dev.toml:8:10: [[value]] metric is that of an earlier value");
}

TEST(DeviceMap, MissingFileIsNotFound) {
  const auto map = load_device_map("/nonexistent/dev.toml");
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().code, Errc::kNotFound);
}

TEST(DeviceMap, EveryShippedMapIsGood) {
  int maps = 0;
  for (const auto& entry : std::filesystem::directory_iterator(EDGE_SOURCE_DIR "/deploy/devices")) {
    if (entry.path().extension() != ".toml") continue;
    const auto map = load_device_map(entry.path());
    ASSERT_TRUE(map) << map.error().detail;
    EXPECT_EQ(map->name, entry.path().stem());
    EXPECT_FALSE(modbus::read_plan(*map).empty());
    ++maps;
  }
  EXPECT_GE(maps, 3);
}

/// The shipped maps read the answers of the vendors' documents (domain.md has their bytes).
TEST(DeviceMap, ShippedScalesReadTheirAnswers) {
  const auto laumas = load_device_map(EDGE_SOURCE_DIR "/deploy/devices/laumas-tlb.toml");
  ASSERT_TRUE(laumas) << laumas.error().detail;
  EXPECT_EQ(modbus::read_plan(*laumas), (std::vector<modbus::ReadSpan>{{6, 5}}));
  const auto minus = modbus::decode_scale(*laumas, {{6, 0x0980}, {7, 0}, {8, 20}, {9, 0}, {10, 20}});
  ASSERT_TRUE(minus) << minus.error().detail;
  EXPECT_EQ(minus->value, (Weight{-20, 0}));
  EXPECT_EQ(minus->stable, Tri::kYes);
  const auto dini = load_device_map(EDGE_SOURCE_DIR "/deploy/devices/dini-dgt.toml");
  ASSERT_TRUE(dini) << dini.error().detail;
  EXPECT_EQ(modbus::read_plan(*dini), (std::vector<modbus::ReadSpan>{{0, 5}}));
  const auto gross = modbus::decode_scale(*dini, {{0, 0}, {1, 0x9628}, {2, 0}, {3, 0x5D34}, {4, 0x24}});
  ASSERT_TRUE(gross) << gross.error().detail;
  EXPECT_EQ(gross->value, (Weight{38440, 0}));
  EXPECT_EQ(gross->stable, Tri::kYes);
  EXPECT_EQ(gross->preset_tare, Tri::kNo);
}

}  // namespace
}  // namespace edge
