#include "protocols/record/weight.h"

#include <gtest/gtest.h>

#include "protocols/record/decimal.h"

namespace edge {
namespace {

constexpr std::int64_t kMost = 1'000'000'000'000'000;

struct TextCase {
  const char* name;
  Weight weight;
  const char* text;
};
const TextCase kTexts[] = {
    {"Integer", {38440, 0}, "38440"},
    {"KeepsTrailingZeros", {3844000, -2}, "38440.00"},
    {"NegativeFraction", {-50, -2}, "-0.50"},
    {"TinyFraction", {1, -9}, "0.000000001"},
    {"OneDecimal", {384405, -1}, "38440.5"},
    {"ZeroHasNoSign", {0, 0}, "0"},
    {"ZeroKeepsItsDecimals", {0, -2}, "0.00"},
    {"MostDigits", {kMost, 0}, "1000000000000000"},
    {"MostDigitsFine", {-kMost, -9}, "-1000000.000000000"},
};
class WeightText : public testing::TestWithParam<TextCase> {};
TEST_P(WeightText, IsCanonicalAndReadsBack) {
  EXPECT_EQ(to_text(GetParam().weight), GetParam().text);
  EXPECT_TRUE(is_decimal(GetParam().text));
  EXPECT_EQ(weight_from(GetParam().text), GetParam().weight);
}
INSTANTIATE_TEST_SUITE_P(Texts, WeightText, testing::ValuesIn(kTexts), [](const auto& row) { return row.param.name; });

TEST(Weight, WritesAPositiveExponentOut) {
  EXPECT_EQ(to_text(Weight{3844, 2}), "384400");
  EXPECT_EQ(to_text(Weight{-1, 6}), "-1000000");
  EXPECT_EQ(to_text(Weight{0, 3}), "0");
  EXPECT_EQ(to_text(Weight{kMost, 6}), "1000000000000000000000");
}

TEST(Weight, HasNoTextBeyondItsLimits) {
  EXPECT_EQ(to_text(Weight{kMost + 1, 0}), "");
  EXPECT_EQ(to_text(Weight{INT64_MIN, 0}), "");
  EXPECT_EQ(to_text(Weight{1, 7}), "");
  EXPECT_EQ(to_text(Weight{1, -10}), "");
}

TEST(WeightFrom, RefusesWhatIsNoWeight) {
  for (const char* const text : {"", "-", "+1", "007", "-0", "1e3", "38,4", " 1", "1 ", "1.", ".5", "NaN", "38440kg",
                                 "1000000000000001", "10000000000000000000000", "0.0000000001"}) {
    EXPECT_FALSE(weight_from(text)) << text;
  }
}

TEST(Compare, IsExactOverResolutions) {
  EXPECT_EQ(compare({384, 2}, {3840000, -2}), std::strong_ordering::equal);
  EXPECT_EQ(compare({1, -9}, {0, 6}), std::strong_ordering::greater);
  EXPECT_EQ(compare({-1, -9}, {0, 0}), std::strong_ordering::less);
  EXPECT_EQ(compare({kMost, 6}, {kMost, -9}), std::strong_ordering::greater);
  EXPECT_EQ(compare({kMost - 1, 0}, {kMost, 0}), std::strong_ordering::less);
  EXPECT_EQ(compare({-kMost, 6}, {kMost, 6}), std::strong_ordering::less);
}

TEST(Subtract, KeepsTheFinerResolution) {
  EXPECT_EQ(subtract({38440, 0}, {1458000, -2}), (Weight{2386000, -2}));
  EXPECT_EQ(subtract({3844, 1}, {14580, 0}), (Weight{23860, 0}));
  EXPECT_EQ(subtract({14580, 0}, {38440, 0}), (Weight{-23860, 0}));
  EXPECT_EQ(subtract({1, -1}, {1, -1}), (Weight{0, -1}));
  EXPECT_EQ(to_text(*subtract({1, -1}, {1, -1})), "0.0");
}

TEST(Subtract, SaysNothingBeyondTheLimits) {
  EXPECT_EQ(subtract({kMost, 0}, {0, 0}), (Weight{kMost, 0}));
  EXPECT_FALSE(subtract({kMost, 0}, {-1, 0}));
  EXPECT_FALSE(subtract({kMost, 0}, {1, -1})) << "10^16 digits at the finer resolution";
  EXPECT_FALSE(subtract({kMost, 6}, {1, -9}));
  EXPECT_FALSE(subtract({INT64_MIN, 0}, {0, 0}));
}

TEST(Add, IsExact) {
  EXPECT_EQ(add({23860, 0}, {14580, 0}), (Weight{38440, 0}));
  EXPECT_EQ(add({1, -1}, {2, -1}), (Weight{3, -1})) << "not 0.30000000000000004";
  EXPECT_FALSE(add({kMost, 0}, {1, 0}));
}

TEST(Times, IsExact) {
  EXPECT_EQ(times({20, 0}, 3), (Weight{60, 0}));
  EXPECT_EQ(times({5, -1}, -20), (Weight{-100, -1}));
  EXPECT_FALSE(times({kMost, 0}, 2));
  EXPECT_FALSE(times({kMost, 0}, INT64_MAX));
  EXPECT_FALSE(times({INT64_MIN, 0}, -1));
}

TEST(Magnitude, HasNoSign) {
  EXPECT_EQ(magnitude({-60, -1}), (Weight{60, -1}));
  EXPECT_EQ(magnitude({60, -1}), (Weight{60, -1}));
  EXPECT_EQ(negate({60, -1}), (Weight{-60, -1}));
}

struct GramCase {
  const char* name;
  const char* value;
  const char* unit;
  std::int64_t grams;
};
// Pounds by hand: 0.45359237 kg × value.
const GramCase kGrams[] = {
    {"Kilograms", "38440", "kg", 38'440'000},
    {"StepOfATenth", "0.1", "kg", 100},
    {"TenSteps", "60.4", "kg", 60'400},
    {"Grams", "250", "g", 250},
    {"HalfAGramUp", "0.5", "g", 1},
    {"HalfAGramDown", "-0.5", "g", -1},
    {"LessThanHalf", "0.499999999", "g", 0},
    {"Tonnes", "38.44", "t", 38'440'000},
    {"HalfAGramInTonnes", "0.0000005", "t", 1},
    {"OnePound", "1", "lb", 454},  // 453.59237
    {"HundredThousandPounds", "100000", "lb", 45'359'237},
    {"TwentyPoundStep", "84740", "lb", 38'437'417},  // 38437417.4338
    {"PoundTenths", "0.1", "lb", 45},                // 45.359237
    {"NegativePound", "-1", "lb", -454},
    {"PoundsAndAHalfGram", "50000", "lb", 22'679'619},  // 22679618.5 exactly
    {"MinusPoundsAndAHalfGram", "-50000", "lb", -22'679'619},
    {"FinePounds", "0.000000001", "lb", 0},
    {"MostDigits", "1000000000000000", "kg", 1'000'000'000'000'000'000},
    {"MostDigitsInPounds", "1000000000000000", "lb", 453'592'370'000'000'000},
    {"MostDigitsBelow", "999999999999999", "lb", 453'592'369'999'999'546},  // …546.40763
    {"UpperCase", "7", "KG", 7000},
    {"Plural", "7", "kgs", 7000},
    {"PluralPounds", "100000", "LBS", 45'359'237},
};
class ToGrams : public testing::TestWithParam<GramCase> {};
TEST_P(ToGrams, IsExactAndRoundsHalfAwayFromZero) {
  const auto weight = weight_from(GetParam().value);
  ASSERT_TRUE(weight);
  EXPECT_EQ(to_grams(*weight, GetParam().unit), GetParam().grams);
}
INSTANTIATE_TEST_SUITE_P(Units, ToGrams, testing::ValuesIn(kGrams), [](const auto& row) { return row.param.name; });

TEST(ToGrams, SaysNothingWhereThereAreNone) {
  EXPECT_FALSE(to_grams({1, 0}, ""));
  EXPECT_FALSE(to_grams({1, 0}, "N"));
  EXPECT_FALSE(to_grams({1, 0}, "kg "));
  EXPECT_FALSE(to_grams({kMost, 0}, "t")) << "10^21 g";
  EXPECT_FALSE(to_grams({kMost, 6}, "g")) << "10^21 g";
  EXPECT_EQ(to_grams({9'223'372'036'854, 6}, "g"), 9'223'372'036'854'000'000);
  EXPECT_FALSE(to_grams({9'223'372'036'855, 6}, "g")) << "just beyond 64 bits";
  EXPECT_FALSE(to_grams({1, 30}, "kg"));
}

TEST(KgText, HasThreeDecimals) {
  EXPECT_EQ(kg_text(38'440'000), "38440.000");
  EXPECT_EQ(kg_text(-50), "-0.050");
  EXPECT_EQ(kg_text(0), "0.000");
  EXPECT_EQ(kg_text(999), "0.999");
  EXPECT_EQ(kg_text(1000), "1.000");
  EXPECT_EQ(kg_text(INT64_MIN), "-9223372036854775.808");
}

TEST(MassUnit, KnowsSpellings) {
  EXPECT_EQ(mass_unit("KG"), "kg");
  EXPECT_EQ(mass_unit("Kgs"), "kg");
  EXPECT_EQ(mass_unit("T"), "t");
  EXPECT_EQ(mass_unit("G"), "g");
  EXPECT_EQ(mass_unit("lbs"), "lb");
  for (const char* const other : {"", "k", "kgss", "oz", "ton", "C", "kg\n"}) EXPECT_FALSE(mass_unit(other)) << other;
}

TEST(WeightWords, AreThoseOfTheWire) {
  EXPECT_EQ(to_text(WeightMode::kUnknown), "unknown");
  EXPECT_EQ(to_text(WeightMode::kGross), "gross");
  EXPECT_EQ(to_text(WeightMode::kNet), "net");
  EXPECT_EQ(to_text(WeightRange::kIn), "in");
  EXPECT_EQ(to_text(WeightRange::kOver), "over");
  EXPECT_EQ(to_text(WeightRange::kUnder), "under");
  EXPECT_EQ(to_text(WeightRange::kOut), "out");
  EXPECT_EQ(to_text(WeightRange::kError), "error");
  EXPECT_EQ(to_text(ChecksumState::kAbsent), "absent");
  EXPECT_EQ(to_text(ChecksumState::kOk), "ok");
  EXPECT_EQ(to_text(ChecksumState::kBad), "bad");
}

}  // namespace
}  // namespace edge
