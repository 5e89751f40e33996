#include <gtest/gtest.h>

#include <limits>

#include "protocols/record/decimal.h"
#include "protocols/record/units.h"

namespace edge {
namespace {

struct Case {
  const char* name;
  const char* from;
  const char* to;
  const char* value;
  const char* want;
};
const Case kCases[] = {
    {"Freezing", "F", "C", "32", "0"},
    {"Boiling", "F", "C", "212.0", "100"},
    {"Meeting", "F", "C", "-40", "-40"},
    {"ThirdRoundsDown", "F", "C", "83.3", "28.5"},
    {"Periodic", "F", "C", "70", "21.111111111"},
    {"PeriodicRoundsUp", "F", "C", "71", "21.666666667"},
    {"NegativeRoundsAway", "F", "C", "29", "-1.666666667"},
    {"ManyDecimals", "F", "C", "77.00000000000000001", "25"},
    {"TinyNoise", "F", "C", "0.00000000000000011102230246251565", "-17.777777778"},
    {"CelsiusToFahrenheit", "C", "F", "28.5", "83.3"},
    {"CelsiusToKelvin", "C", "K", "-273.15", "0"},
    {"KelvinToCelsius", "K", "C", "300", "26.85"},
    {"FahrenheitToKelvin", "F", "K", "32", "273.15"},
    {"KelvinToFahrenheit", "K", "F", "273.15", "32"},
    {"SameSpelling",
     "\xc2\xb0"
     "C",
     "degC", "28.50", "28.5"},
    {"HectopascalToPascal", "hPa", "Pa", "1013.25", "101325"},
    {"MillibarIsHectopascal", "mbar", "hPa", "1013.25", "1013.25"},
    {"PascalToKilopascal", "Pa", "kPa", "101325", "101.325"},
    {"GramsToKilograms", "g", "kg", "1", "0.001"},
    {"TonnesToKilograms", "t", "kg", "38.44", "38440"},
    {"PoundsToKilograms", "lb", "kg", "100", "45.359237"},
    {"KilogramsToPounds", "kg", "lb", "1", "2.204622622"},
    {"InchesToMillimetres", "in", "mm", "1", "25.4"},
    {"HalfAwayFromZero", "mm", "m", "0.0000005", "0.000000001"},
    {"HalfAwayFromZeroBelow", "mm", "m", "-0.0000005", "-0.000000001"},
    {"UnderHalf", "mm", "m", "-0.00000049", "0"},
};
class Convert : public testing::TestWithParam<Case> {};
TEST_P(Convert, IsExactAndRoundedOnce) {
  const auto by = linear_between(GetParam().from, GetParam().to);
  ASSERT_TRUE(by);
  const DecimalText got = convert_linear(GetParam().value, *by);
  EXPECT_EQ(got.fault, DecimalFault::kNone);
  EXPECT_EQ(got.text, GetParam().want);
  EXPECT_TRUE(is_decimal(got.text));
}
INSTANTIATE_TEST_SUITE_P(Units, Convert, testing::ValuesIn(kCases), [](const auto& row) { return row.param.name; });

TEST(ConvertLinear, SaysWhatDoesNotFit) {
  EXPECT_EQ(convert_linear("999999999999", {0, 1000, 1, 0}).fault, DecimalFault::kNotStorable);
  EXPECT_EQ(convert_linear("1.23456789012345678901234567890123456789", {-3200, 5, 9, 0}).fault,
            DecimalFault::kNotStorable);
  EXPECT_EQ(convert_linear("1", {0, 1, 0, 0}).fault, DecimalFault::kNotStorable);
  EXPECT_EQ(convert_linear("warm", {}).fault, DecimalFault::kNotANumber);
  EXPECT_EQ(convert_linear("", {}).fault, DecimalFault::kNotANumber);
}

TEST(ConvertLinear, IsTotalForEveryFactor) {
  constexpr long long kMost = std::numeric_limits<long long>::max();
  constexpr long long kLeast = std::numeric_limits<long long>::min();
  for (const long long a : {kLeast, -1LL, 0LL, 1LL, kMost}) {
    for (const long long b : {kLeast, -1LL, 1LL, kMost}) {
      const DecimalText got = convert_linear("-123456789012.123456789", {a, b, b, a});
      EXPECT_TRUE(got.fault != DecimalFault::kNone || is_decimal(got.text)) << a << ' ' << b;
    }
  }
  EXPECT_EQ(convert_linear("10", {0, 1, -4, 0}).text, "-2.5");
}

}  // namespace
}  // namespace edge
