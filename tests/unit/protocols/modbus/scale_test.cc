// The indicators of domain.md §2 from the bytes of their answers to the weight.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/modbus/register_map.h"
#include "tests/unit/protocols/modbus/frames.h"

namespace edge::modbus {
namespace {

using test::frame_of;
using test::has_good_crc;
using test::registers_of;

MapValue weight(const char* metric, std::uint16_t reg, WordType type = WordType::kU32) {
  return {metric, reg, type, "1", "kg", {}};
}

RegisterMap laumas() {
  RegisterMap map;
  map.name = "laumas-tlb";
  map.values = {weight("gross", 7), weight("net", 9)};
  map.status = MapStatus{6, WordType::kU16, {}};
  auto& bits = map.status->bits;
  bits.stable = 11, bits.zero = 12, bits.over = 2, bits.net = 10, bits.negative_gross = 7, bits.negative_net = 8;
  bits.error = {0, 1, 3, 4, 5};
  return map;
}

RegisterMap dini() {
  RegisterMap map;
  map.name = "dini-dgt";
  map.function = 4;
  map.values = {weight("gross", 0), weight("net", 2)};
  map.status = MapStatus{4, WordType::kU16, {}};
  auto& bits = map.status->bits;
  bits.negative_net = 0, bits.negative_gross = 1, bits.stable = 2, bits.under = 3, bits.over = 4;
  bits.preset_tare = 6, bits.zero = 7;
  return map;
}

RegisterMap flintec() {
  RegisterMap map;
  map.name = "flintec-ft112";
  map.values = {weight("gross", 4, WordType::kI32), weight("tare", 2, WordType::kI32)};
  map.status = MapStatus{6, WordType::kU32, {}};
  auto& bits = map.status->bits;
  bits.unstable = 2, bits.net = 3, bits.preset_tare = 4, bits.zero = 12;
  return map;
}

TEST(LaumasAnswer, StableGross) {
  const auto frame = frame_of("01 03 0A 08 00 00 00 96 28 00 00 96 28 B7 D2");
  ASSERT_TRUE(has_good_crc(frame));
  const auto sample = decode_scale(laumas(), registers_of(frame, 6));
  ASSERT_TRUE(sample) << sample.error().detail;
  EXPECT_EQ(sample->value, (Weight{38440, 0}));
  EXPECT_EQ(sample->mode, WeightMode::kGross);
  EXPECT_EQ(sample->unit, "kg");
  EXPECT_EQ(sample->stable, Tri::kYes);
  EXPECT_EQ(sample->zero, Tri::kNo);
  EXPECT_EQ(sample->preset_tare, Tri::kUnknown) << "the register does not say";
  EXPECT_EQ(sample->range, WeightRange::kIn);
  EXPECT_EQ(sample->tare, std::nullopt);
}

TEST(LaumasAnswer, SignIsInTheStatus) {
  const auto frame = frame_of("01 03 0A 09 80 00 00 00 14 00 00 00 14 A5 53");
  ASSERT_TRUE(has_good_crc(frame));
  const auto sample = decode_scale(laumas(), registers_of(frame, 6));
  ASSERT_TRUE(sample) << sample.error().detail;
  EXPECT_EQ(sample->value, (Weight{-20, 0}));
  EXPECT_EQ(sample->stable, Tri::kYes);
}

TEST(LaumasAnswer, IsAskedForAsTheManualDoes) {
  ASSERT_TRUE(has_good_crc(frame_of("01 03 00 06 00 05 65 C8")));
  EXPECT_EQ(read_plan(laumas()), (std::vector<ReadSpan>{{6, 5}}));
}

struct Status {
  const char* name;
  std::uint16_t status;
  WeightRange range;
  Tri stable, zero;
  const char* fault;
};
class LaumasStatus : public testing::TestWithParam<Status> {};
TEST_P(LaumasStatus, SaysWhatTheWeightIsWorth) {
  const auto& given = GetParam();
  const Registers registers{{6, given.status}, {7, 0}, {8, 20}, {9, 0}, {10, 20}};
  const auto sample = decode_scale(laumas(), registers);
  ASSERT_TRUE(sample) << sample.error().detail;
  EXPECT_EQ(sample->range, given.range);
  EXPECT_EQ(sample->stable, given.stable);
  EXPECT_EQ(sample->zero, given.zero);
  EXPECT_EQ(sample->fault, given.fault);
  EXPECT_EQ(sample->value.has_value(), given.range == WeightRange::kIn);
}
INSTANTIATE_TEST_SUITE_P(
    Bits, LaumasStatus,
    testing::Values(Status{"Moving", 0, WeightRange::kIn, Tri::kNo, Tri::kNo, ""},
                    Status{"StableAtZero", 0x1800, WeightRange::kIn, Tri::kYes, Tri::kYes, ""},
                    Status{"Overload", 0x0804, WeightRange::kOver, Tri::kYes, Tri::kNo, ""},
                    Status{"LoadCell", 0x0801, WeightRange::kError, Tri::kYes, Tri::kNo, "status bit 0"},
                    Status{"ErrorBeforeOverload", 0x000C, WeightRange::kError, Tri::kNo, Tri::kNo, "status bit 3"}),
    [](const auto& each) { return each.param.name; });

TEST(DiniAnswer, GrossWithTareActive) {
  ASSERT_TRUE(has_good_crc(frame_of("01 04 00 00 00 05 30 09")));
  EXPECT_EQ(read_plan(dini()), (std::vector<ReadSpan>{{0, 5}}));
  const auto frame = frame_of("01 04 0A 00 00 96 28 00 00 5D 34 00 24 A2 40");
  ASSERT_TRUE(has_good_crc(frame));
  const auto registers = registers_of(frame, 0);
  const auto sample = decode_scale(dini(), registers);
  ASSERT_TRUE(sample) << sample.error().detail;
  EXPECT_EQ(sample->value, (Weight{38440, 0}));
  EXPECT_EQ(sample->mode, WeightMode::kGross);
  EXPECT_EQ(sample->stable, Tri::kYes);
  EXPECT_EQ(sample->preset_tare, Tri::kNo);
  EXPECT_EQ(sample->zero, Tri::kNo);

  auto net_only = dini();
  net_only.values = {weight("net", 2)};
  const auto net = decode_scale(net_only, registers);
  ASSERT_TRUE(net) << net.error().detail;
  EXPECT_EQ(net->value, (Weight{23860, 0}));
  EXPECT_EQ(net->mode, WeightMode::kNet);
}

TEST(DiniAnswer, UnderloadAndSigns) {
  const auto under = decode_scale(dini(), {{0, 0}, {1, 20}, {2, 0}, {3, 20}, {4, 0x0A}});
  ASSERT_TRUE(under);
  EXPECT_EQ(under->range, WeightRange::kUnder);
  EXPECT_EQ(under->value, std::nullopt);
  const auto negative = decode_scale(dini(), {{0, 0}, {1, 20}, {2, 0}, {3, 20}, {4, 0x06}});
  ASSERT_TRUE(negative);
  EXPECT_EQ(negative->value, (Weight{-20, 0}));
  const auto net_sign = decode_scale(dini(), {{0, 0}, {1, 20}, {2, 0}, {3, 20}, {4, 0x05}});
  ASSERT_TRUE(net_sign);
  EXPECT_EQ(net_sign->value, (Weight{20, 0})) << "the sign of the net weight is not the gross weight's";
}

TEST(FlintecAnswer, UnstableIsASetBitAndTareIsCarried) {
  Registers registers{{2, 0}, {3, 10000}, {4, 1}, {5, 0x86A0}, {6, 0x8000}, {7, 0x1010}};
  const auto still = decode_scale(flintec(), registers);
  ASSERT_TRUE(still) << still.error().detail;
  EXPECT_EQ(still->value, (Weight{100000, 0}));
  EXPECT_EQ(still->tare, (Weight{10000, 0}));
  EXPECT_EQ(still->stable, Tri::kYes);
  EXPECT_EQ(still->zero, Tri::kYes);
  EXPECT_EQ(still->preset_tare, Tri::kYes);
  registers[7] = 0x0004;
  EXPECT_EQ(decode_scale(flintec(), registers)->stable, Tri::kNo);
}

struct Vendor {
  const char* name;
  const char* hex;
  bool good_crc;
  WordType type;
  const char* scale;
  const char* text;
};
/// As printed in the manuals; the first one's CRC is wrong there.
const Vendor kVendor[] = {
    {"WeightAsPrinted", "01 03 04 00 01 86 A0 38 4A", false, WordType::kI32, "1", "100000"},
    {"Weight", "01 03 04 00 01 86 A0 C9 EB", true, WordType::kI32, "1", "100000"},
    {"TareFt10", "01 03 04 00 00 27 10 E0 0F", true, WordType::kI32, "1", "10000"},
    {"Supply", "01 03 02 00 EB F8 0B", true, WordType::kU16, "0.1", "23.5"},
    {"MettlerFloat", "01 03 04 47 16 28 00 11 43", true, WordType::kF32, "1", "38440"},
};
class VendorFrame : public testing::TestWithParam<Vendor> {};
TEST_P(VendorFrame, Decodes) {
  const auto frame = frame_of(GetParam().hex);
  EXPECT_EQ(has_good_crc(frame), GetParam().good_crc);
  const MapValue value{"gross", 0, GetParam().type, GetParam().scale, "kg", {}};
  EXPECT_EQ(read_value(value, registers_of(frame, 0), ByteOrder::kABCD).text, GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(Manuals, VendorFrame, testing::ValuesIn(kVendor),
                         [](const auto& each) { return each.param.name; });

TEST(ScaleDecoder, GivesNoWeightForHalfAnAnswer) {
  for (const std::uint16_t missing : {std::uint16_t{6}, std::uint16_t{7}, std::uint16_t{8}}) {
    Registers registers{{6, 0x0800}, {7, 0}, {8, 20}};
    registers.erase(missing);
    const auto sample = decode_scale(laumas(), registers);
    ASSERT_FALSE(sample) << missing;
    EXPECT_EQ(sample.error().code, Errc::kMalformed);
  }
  auto floating = laumas();
  floating.values = {weight("gross", 7, WordType::kF32)};
  EXPECT_FALSE(decode_scale(floating, {{6, 0x0800}, {7, 0x7FC0}, {8, 0}})) << "NaN is no weight";
  EXPECT_FALSE(decode_scale(RegisterMap{}, {{6, 0}})) << "no status, no weight";
  auto tared = laumas();
  tared.values.push_back(weight("tare", 11));
  EXPECT_FALSE(decode_scale(tared, {{6, 0x0800}, {7, 0}, {8, 20}})) << "the tare is missing";
}

struct FloatNearZero {
  const char* name;
  std::uint32_t bits;
  Weight weight;
};
// The noise of an empty platform: refused, it would never be found empty and no truck ever captured.
const FloatNearZero kFloats[] = {
    {"Noise", 0xB4000000, {-119, -9}},                // -1.1920929e-7
    {"LessThanTheFinest", 0x2F000000, {0, -9}},       // 1.1641532e-10
    {"Rounded", 0xBAA1D139, {-1'234'568, -9}},        // -0.0012345678
    {"NineDecimals", 0xBC4A4588, {-12'345'679, -9}},  // -0.012345679, as it is
};
class NearZero : public testing::TestWithParam<FloatNearZero> {};
TEST_P(NearZero, HasTheFinestResolution) {
  auto map = laumas();
  map.values = {weight("gross", 7, WordType::kF32)};
  const auto bits = GetParam().bits;
  const auto sample = decode_scale(
      map, {{6, 0x0800}, {7, static_cast<std::uint16_t>(bits >> 16)}, {8, static_cast<std::uint16_t>(bits & 0xFFFF)}});
  ASSERT_TRUE(sample) << sample.error().detail;
  ASSERT_TRUE(sample->value);
  EXPECT_TRUE(compare(*sample->value, GetParam().weight) == 0) << to_text(*sample->value);
}
INSTANTIATE_TEST_SUITE_P(Floats, NearZero, testing::ValuesIn(kFloats),
                         [](const auto& each) { return each.param.name; });

TEST(ScaleDecoder, KnowsNoStabilityWhereThereIsNoBit) {
  auto map = laumas();
  map.status->bits.stable = -1;
  EXPECT_EQ(decode_scale(map, {{6, 0xF000}, {7, 0}, {8, 20}})->stable, Tri::kUnknown);
}

}  // namespace
}  // namespace edge::modbus
