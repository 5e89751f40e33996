#include "protocols/record/decimal.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

constexpr auto kNone = DecimalFault::kNone;
constexpr auto kNaN = DecimalFault::kNotANumber;
constexpr auto kComma = DecimalFault::kComma;
constexpr auto kBig = DecimalFault::kNotStorable;

struct Case {
  const char* name;
  std::string_view written;
  DecimalFault fault;
  const char* text;
};
const Case kCases[] = {
    {"Integer", "28", kNone, "28"},
    {"KeepsTrailingZeros", "28.50", kNone, "28.50"},
    {"Negative", "-3.4", kNone, "-3.4"},
    {"Plus", "+3.4", kNone, "3.4"},
    {"Blanks", " \t3.4\r\n", kNone, "3.4"},
    {"LeadingZeros", "007.10", kNone, "7.10"},
    {"NegativeLeadingZeros", "-000.5", kNone, "-0.5"},
    {"NoDigitBefore", ".5", kNone, "0.5"},
    {"NoDigitAfter", "5.", kNone, "5"},
    {"Zero", "0", kNone, "0"},
    {"MinusZero", "-0", kNone, "0"},
    {"MinusZeroPoint", "-0.0", kNone, "0.0"},
    {"ManyZeros", "0000.000", kNone, "0.000"},
    {"Exponent", "2.85e1", kNone, "28.5"},
    {"ExponentKeepsResolution", "2.850e1", kNone, "28.50"},
    {"ExponentPlus", "1E+3", kNone, "1000"},
    {"ExponentMinus", "285e-1", kNone, "28.5"},
    {"ExponentSmall", "1.5e-5", kNone, "0.000015"},
    {"ExponentToInteger", "1.25e2", kNone, "125"},
    {"ZeroToAnyPower", "0e400", kNone, "0"},
    {"ZeroWithDecimals", "0.00e1", kNone, "0.0"},
    {"Binary", "0.30000000000000004", kNone, "0.30000000000000004"},
    {"TwelveDigits", "123456789012.5", kNone, "123456789012.5"},
    {"FortyCharacters", "1.23456789012345678901234567890123456789", kNone, "1.23456789012345678901234567890123456789"},
    {"FortyOneCharacters", "1.234567890123456789012345678901234567891", kBig, ""},
    {"ThirteenDigits", "1234567890123", kBig, ""},
    {"RoundsUpToThirteenDigits", "999999999999.9999999999", kBig, ""},
    {"AllNines", "999999999999", kNone, "999999999999"},
    {"TooLarge", "1e400", kBig, ""},
    {"HugeExponent", "1e99999999999999999999", kBig, ""},
    {"HugeNegativeExponent", "-1e-99999999999999999999", kBig, ""},
    {"TooSmall", "1e-400", kBig, ""},
    {"CommaDecimal", "21,5", kComma, ""},
    {"CommaThousands", "1,234.50", kComma, ""},
    {"CommaNegative", "-1,5", kComma, ""},
    {"CommaAlone", ",", kNaN, ""},
    {"CommaInWords", "a,5", kNaN, ""},
    {"Empty", "", kNaN, ""},
    {"Blank", "  ", kNaN, ""},
    {"Sign", "-", kNaN, ""},
    {"Point", ".", kNaN, ""},
    {"TwoSigns", "--1", kNaN, ""},
    {"TwoPoints", "1.2.3", kNaN, ""},
    {"Word", "unavailable", kNaN, ""},
    {"Nan", "NaN", kNaN, ""},
    {"Infinity", "-Infinity", kNaN, ""},
    {"Hex", "0x1F", kNaN, ""},
    {"Unit", "21.5 C", kNaN, ""},
    {"NoExponentDigits", "1e", kNaN, ""},
    {"ExponentPoint", "1e1.5", kNaN, ""},
    {"InnerBlank", "1 000", kNaN, ""},
    {"Nul", std::string_view("1\0", 2), kNaN, ""},
    {"ArabicDigits", "\xd9\xa1\xd9\xa2", kNaN, ""},
};
class ToDecimal : public testing::TestWithParam<Case> {};
TEST_P(ToDecimal, ReadsWhatWasWritten) {
  const DecimalText got = to_decimal(GetParam().written);
  EXPECT_EQ(got.fault, GetParam().fault);
  EXPECT_EQ(got.text, GetParam().text);
  if (got.fault == kNone) {
    EXPECT_TRUE(is_decimal(got.text));
    EXPECT_EQ(to_decimal(got.text).text, got.text) << "canonical text must stay as it is";
  }
}
INSTANTIATE_TEST_SUITE_P(Written, ToDecimal, testing::ValuesIn(kCases), [](const auto& row) { return row.param.name; });

TEST(WrittenOut, KeepsNumbersNoColumnHolds) {
  EXPECT_EQ(written_out("1.7718408e12"), "1771840800000");
  EXPECT_EQ(written_out("1771840800000"), "1771840800000");
  EXPECT_FALSE(written_out("soon"));
  EXPECT_FALSE(written_out("1e41"));
}

TEST(IsDecimal, IsTheWireForm) {
  for (const char* const good : {"0", "-1", "10.50", "0.0", "-0.01", "1234567890123456789012345678901234567890"}) {
    EXPECT_TRUE(is_decimal(good)) << good;
  }
  for (const char* const bad : {"", "-", "+1", "01", "-0", "-0.00", ".5", "5.", "1e3", " 1", "1 ", "1,5", "--1", "0x1",
                                "12345678901234567890123456789012345678901"}) {
    EXPECT_FALSE(is_decimal(bad)) << bad;
  }
}

TEST(IsStorable, IsTwelveDigitsBeforeThePoint) {
  EXPECT_TRUE(is_storable("-123456789012.123456789"));
  EXPECT_TRUE(is_storable("999999999999.99"));
  EXPECT_FALSE(is_storable("1000000000000"));
  EXPECT_FALSE(is_storable("-1000000000000.0"));
}

TEST(ToDouble, IsTheNearestDouble) {
  EXPECT_EQ(to_double("28.50"), 28.5);
  EXPECT_EQ(to_double("-0.1"), -0.1);
  EXPECT_FALSE(to_double("28,5"));
  EXPECT_FALSE(to_double(""));
}

struct Order {
  const char* name;
  const char* a;
  const char* b;
  int want;
};
const Order kOrders[] = {
    {"Equal", "35", "35", 0},
    {"EqualButForZeros", "35.00", "35", 0},
    {"JustAbove", "35.0000000000000000001", "35", 1},
    {"Length", "9", "10", -1},
    {"Negative", "-5", "-4", -1},
    {"Signs", "-1", "1", -1},
    {"NegativeFraction", "-0.5", "-0.50", 0},
    {"Fraction", "0.09", "0.1", -1},
    {"LongerFraction", "1.5", "1.25", 1},
};
class CompareDecimals : public testing::TestWithParam<Order> {};
TEST_P(CompareDecimals, IsExact) {
  const auto sign = [](int order) { return (order > 0) - (order < 0); };
  EXPECT_EQ(sign(compare_decimals(GetParam().a, GetParam().b)), GetParam().want);
  EXPECT_EQ(sign(compare_decimals(GetParam().b, GetParam().a)), -GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Pairs, CompareDecimals, testing::ValuesIn(kOrders),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace edge
