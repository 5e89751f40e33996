#include "protocols/modbus/register_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/bytes.h"

namespace edge::modbus {
namespace {

using testing::ElementsAre;

MapValue value(std::uint16_t reg, WordType type, std::string scale = "1", std::vector<std::uint32_t> sentinels = {}) {
  return {"temperature", reg, type, std::move(scale), "C", std::move(sentinels)};
}

struct Order {
  const char* name;
  std::uint16_t w0, w1;
};
/// 123456.0 in all four orders, as libmodbus' own tests have it.
const Order kOrders[] = {
    {"ABCD", 0x47F1, 0x2000}, {"DCBA", 0x0020, 0xF147}, {"BADC", 0xF147, 0x0020}, {"CDAB", 0x2000, 0x47F1}};

class WordOrder : public testing::TestWithParam<Order> {};
TEST_P(WordOrder, JoinsAndSplits) {
  const auto order = byte_order_from(GetParam().name);
  ASSERT_TRUE(order);
  EXPECT_EQ(join_words(GetParam().w0, GetParam().w1, *order), 0x47F12000U);
  EXPECT_EQ(split_words(0x47F12000U, *order), std::pair(GetParam().w0, GetParam().w1));
  const Registers registers{{10, GetParam().w0}, {11, GetParam().w1}};
  EXPECT_EQ(read_value(value(10, WordType::kF32), registers, *order).text, "123456");
}
INSTANTIATE_TEST_SUITE_P(All, WordOrder, testing::ValuesIn(kOrders), [](const auto& each) { return each.param.name; });

TEST(WordOrder, SwapsTheBytesOfOneWordToo) {
  const Registers registers{{0, 0x0102}};
  for (const auto& [order, want] : {std::pair{ByteOrder::kABCD, "258"}, std::pair{ByteOrder::kCDAB, "258"},
                                    std::pair{ByteOrder::kBADC, "513"}, std::pair{ByteOrder::kDCBA, "513"}}) {
    EXPECT_EQ(read_value(value(0, WordType::kU16), registers, order).text, want);
  }
}

TEST(WordOrder, NamesAreExact) {
  for (const auto* text : {"", "abcd", "ABDC", "ABCDE"}) EXPECT_FALSE(byte_order_from(text)) << text;
  for (const auto* text : {"", "I16", "int16", "f64"}) EXPECT_FALSE(word_type_from(text)) << text;
  EXPECT_EQ(word_type_from("u32"), WordType::kU32);
}

struct Number {
  const char* name;
  WordType type;
  std::uint32_t bits;
  const char* scale;
  const char* text;
  const char* fault;
};
const Number kNumbers[] = {
    {"TenthsOfADegree", WordType::kI16, 285, "0.1", "28.5", ""},
    {"ZerosOfTheScaleAreTheResolution", WordType::kI16, 2850, "0.01", "28.50", ""},
    {"BelowZero", WordType::kI16, 0xFFFF, "0.1", "-0.1", ""},
    {"LeastOf16Bits", WordType::kI16, 0x8000, "0.1", "-3276.8", ""},
    {"UnsignedOf16Bits", WordType::kU16, 0x8000, "0.1", "3276.8", ""},
    {"LeastOf32Bits", WordType::kI32, 0x80000000, "0.001", "-2147483.648", ""},
    {"MostOf32Bits", WordType::kU32, 0xFFFFFFFF, "0.05", "214748364.75", ""},
    {"ScaleAboveOne", WordType::kI16, 12, "20", "240", ""},
    {"NoBinaryDust", WordType::kI16, 3, "0.1", "0.3", ""},
    {"NegativeScale", WordType::kI16, 5, "-0.1", "-0.5", ""},
    {"ZeroIsNeverNegative", WordType::kI16, 0, "-0.1", "0.0", ""},
    {"LongestScale", WordType::kU32, 0xFFFFFFFF, "0.999999999", "4294967290.705032705", ""},
    {"Float", WordType::kF32, 0x41E40000, "1", "28.5", ""},
    {"FloatHasTheShortestDigits", WordType::kF32, 0x3DCCCCCD, "1", "0.1", ""},
    {"FloatScaledExactly", WordType::kF32, 0x3DCCCCCD, "0.1", "0.01", ""},
    {"FloatOfAWeight", WordType::kF32, 0x47162800, "1", "38440", ""},
    {"NegativeFloatZero", WordType::kF32, 0x80000000, "1", "0", ""},
    {"FloatNaN", WordType::kF32, 0x7FC00000, "1", "", "not_a_number"},
    {"FloatInfinity", WordType::kF32, 0xFF800000, "1", "", "not_a_number"},
    {"FloatTooLarge", WordType::kF32, 0x7F7FFFFF, "1", "", "not_storable"},
    {"FloatTooSmall", WordType::kF32, 0x00000001, "1", "", "not_storable"},
    {"TooLargeForTheColumn", WordType::kU32, 0xFFFFFFFF, "1000", "", "not_storable"},
};

class RegisterNumber : public testing::TestWithParam<Number> {};
TEST_P(RegisterNumber, IsExactText) {
  const auto& given = GetParam();
  Registers registers{{7, static_cast<std::uint16_t>(given.bits)}};
  if (words_of(given.type) == 2) {
    const auto [w0, w1] = split_words(given.bits, ByteOrder::kCDAB);
    registers = {{7, w0}, {8, w1}};
  }
  const auto read = read_value(value(7, given.type, given.scale), registers, ByteOrder::kCDAB);
  EXPECT_EQ(read.text, given.text);
  EXPECT_EQ(read.fault, given.fault);
}
INSTANTIATE_TEST_SUITE_P(All, RegisterNumber, testing::ValuesIn(kNumbers),
                         [](const auto& each) { return each.param.name; });

TEST(RegisterValue, SaysWhatIsNoReading) {
  const auto sentinel = value(1, WordType::kI16, "0.1", {0x7FFF, 0x8000});
  EXPECT_EQ(read_value(sentinel, {{1, 0x7FFF}}, ByteOrder::kABCD).fault, "sentinel:7fff");
  EXPECT_EQ(read_value(sentinel, {{1, 0x8000}}, ByteOrder::kABCD).fault, "sentinel:8000");
  EXPECT_EQ(read_value(sentinel, {{1, 0x7FFE}}, ByteOrder::kABCD).text, "3276.6");
  const auto wide = value(1, WordType::kF32, "1", {0x7F800000});
  EXPECT_EQ(read_value(wide, {{1, 0x7F80}, {2, 0}}, ByteOrder::kABCD).fault, "sentinel:7f800000");
}

TEST(RegisterValue, IsNotMadeUpOfHalfAnAnswer) {
  EXPECT_EQ(read_value(value(4, WordType::kU32), {{4, 1}}, ByteOrder::kABCD).fault, "register_missing:4");
  EXPECT_EQ(read_value(value(4, WordType::kU32), {{5, 1}}, ByteOrder::kABCD).fault, "register_missing:4");
  EXPECT_EQ(read_value(value(65535, WordType::kU32), {{65535, 1}, {0, 1}}, ByteOrder::kABCD).fault,
            "register_missing:65535");
}

RegisterMap map_of(std::vector<std::pair<std::uint16_t, WordType>> values, int most = 32) {
  RegisterMap map;
  map.max_registers = most;
  for (const auto& [reg, type] : values) map.values.push_back(value(reg, type));
  return map;
}

TEST(ReadPlan, AsksForNeighboursAtOnce) {
  EXPECT_THAT(read_plan(map_of({})), ElementsAre());
  EXPECT_THAT(read_plan(map_of({{2, WordType::kI16}, {1, WordType::kI16}})), ElementsAre(ReadSpan{1, 2}));
  EXPECT_THAT(read_plan(map_of({{0, WordType::kU32}, {10, WordType::kI16}})), ElementsAre(ReadSpan{0, 11}))
      << "8 registers between them";
  EXPECT_THAT(read_plan(map_of({{0, WordType::kU32}, {11, WordType::kI16}})),
              ElementsAre(ReadSpan{0, 2}, ReadSpan{11, 1}));
  EXPECT_THAT(read_plan(map_of({{65534, WordType::kU32}})), ElementsAre(ReadSpan{65534, 2}));
}

TEST(ReadPlan, NeverAsksForTooManyNorCutsAValue) {
  EXPECT_THAT(read_plan(map_of({{0, WordType::kI16}, {1, WordType::kU32}, {3, WordType::kI16}}, 2)),
              ElementsAre(ReadSpan{0, 1}, ReadSpan{1, 2}, ReadSpan{3, 1}));
  EXPECT_THAT(read_plan(map_of({{0, WordType::kU32}, {1, WordType::kI16}, {1, WordType::kU32}}, 2)),
              ElementsAre(ReadSpan{0, 2}, ReadSpan{1, 2}))
      << "values that share a register";
}

TEST(ReadPlan, HasTheStatusInIt) {
  auto map = map_of({{7, WordType::kU32}});
  map.status = MapStatus{6, WordType::kU16, {}};
  EXPECT_THAT(read_plan(map), ElementsAre(ReadSpan{6, 3}));
}

TEST(SensorDecoder, GivesOneReadingAValue) {
  RegisterMap map = map_of({});
  map.values = {{"temperature", 1, WordType::kI16, "0.1", "C", {0x7FFF}},
                {"humidity", 2, WordType::kU16, "0.1", "%", {}},
                {"dew_point", 3, WordType::kI16, "0.1", "C", {}}};
  const auto readings = decode_sensor(map, {{1, 0x7FFF}, {2, 613}});
  ASSERT_EQ(readings.size(), 3U);
  EXPECT_EQ(readings[0].value, std::nullopt);
  EXPECT_THAT(readings[0].faults, ElementsAre("sentinel:7fff"));
  EXPECT_EQ(readings[1].metric, "humidity");
  EXPECT_EQ(readings[1].index, 1);
  EXPECT_EQ(readings[1].value, "61.3");
  EXPECT_EQ(readings[1].unit, "%");
  EXPECT_THAT(readings[1].faults, ElementsAre());
  EXPECT_THAT(readings[2].faults, ElementsAre("register_missing:3"));
}

TEST(RawOf, IsTheWordsInAddressOrder) {
  EXPECT_EQ(to_hex(raw_of({{9, 0x0102}, {2, 0xFF00}})), "ff000102");
  EXPECT_EQ(raw_of({}), "");
}

TEST(Registers, AreFoundByAddressInWhateverOrderTheyCame) {
  Registers registers{{20, 2}, {10, 1}};
  registers[15] = 7;
  registers[10] = 3;
  EXPECT_EQ(registers, (Registers{{10, 3}, {15, 7}, {20, 2}}));
  EXPECT_EQ(registers.size(), 3U);
  ASSERT_NE(registers.find(15), registers.end());
  EXPECT_EQ(registers.find(15)->second, 7);
  EXPECT_EQ(registers.find(16), registers.end());
  EXPECT_EQ(registers.find(21), registers.end());
  EXPECT_EQ(raw_of(registers), std::string("\0\x03\0\x07\0\x02", 6));
}

TEST(Registers, OfASecondAnswerLeaveThoseOfTheFirst) {
  Registers registers{{10, 1}, {11, 2}};
  registers.merge({{11, 9}, {12, 3}, {2, 4}});
  EXPECT_EQ(registers, (Registers{{2, 4}, {10, 1}, {11, 2}, {12, 3}}));
}

}  // namespace
}  // namespace edge::modbus
