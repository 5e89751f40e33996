#include "protocols/record/excursion.h"

#include <gtest/gtest.h>

#include <utility>

namespace edge {
namespace {

PolicyBook book_of(const char* hysteresis, Band warning, Band critical = {}) {
  Policy policy;
  policy.site = "silo-a";
  policy.type = "temperature";
  policy.warning = std::move(warning);
  policy.critical = std::move(critical);
  if (*hysteresis != '\0') policy.clear_hysteresis = hysteresis;
  return PolicyBook({policy});
}

struct Case {
  const char* name;
  const char* code;
  const char* value;
  bool ends;
};
class EndsExcursion : public testing::TestWithParam<Case> {};
TEST_P(EndsExcursion, WithHysteresisOfAHalf) {
  const PolicyBook book = book_of("0.5", {"10", "30"}, {"5", "35"});
  const Case& c = GetParam();
  EXPECT_EQ(ends_excursion({"silo-a", "temperature", c.code, c.value}, book), c.ends);
}
INSTANTIATE_TEST_SUITE_P(Values, EndsExcursion,
                         testing::Values(Case{"AtTheLimit", "warning_max", "30", false},
                                         Case{"NotInsideEnough", "warning_max", "29.51", false},
                                         Case{"InsideByHysteresis", "warning_max", "29.50", true},
                                         Case{"CriticalComesBackFromWarning", "critical_max", "29.6", false},
                                         Case{"CriticalEnds", "critical_max", "29.5", true},
                                         Case{"BelowTheLimit", "warning_min", "10.4", false},
                                         Case{"BelowEnds", "valid_min", "10.5", true},
                                         Case{"OtherCodesEndAtOnce", "spike", "30", true},
                                         Case{"UnknownDevice", "unknown_device", "30", true}),
                         [](const auto& one) { return one.param.name; });

TEST(EndsExcursion, ComparesAsTheColumnsHoldIt) {
  const PolicyBook book = book_of("0.1", {std::nullopt, "35"});
  EXPECT_TRUE(ends_excursion({"silo-a", "temperature", "warning_max", "34.9"}, book));
  EXPECT_FALSE(ends_excursion({"silo-a", "temperature", "warning_max", "34.900001"}, book));
}

TEST(EndsExcursion, TakesTheCriticalEndWhereThereIsNoWarning) {
  const PolicyBook book = book_of("1", {"10", std::nullopt}, {"5", "35"});
  EXPECT_FALSE(ends_excursion({"silo-a", "temperature", "critical_max", "34.5"}, book));
  EXPECT_TRUE(ends_excursion({"silo-a", "temperature", "critical_max", "34"}, book));
}

TEST(EndsExcursion, HysteresisWiderThanTheBandCanStillClear) {
  const PolicyBook book = book_of("50", {"10", "30"});
  EXPECT_TRUE(ends_excursion({"silo-a", "temperature", "warning_max", "20"}, book));
  EXPECT_FALSE(ends_excursion({"silo-a", "temperature", "warning_max", "21"}, book));
}

TEST(EndsExcursion, WithoutPolicyOrHysteresisAnyOkReadingEndsIt) {
  EXPECT_TRUE(ends_excursion({"silo-a", "temperature", "warning_max", "99"}, PolicyBook()));
  EXPECT_TRUE(ends_excursion({"silo-a", "temperature", "warning_max", "30"}, book_of("", {"10", "30"})));
  EXPECT_FALSE(ends_excursion({"silo-a", "temperature", "warning_max", std::nullopt}, book_of("", {"10", "30"})));
}

TEST(ExcursionMatter, OneSideIsOneMatter) {
  EXPECT_EQ(excursion_matter("valid_max"), excursion_matter("warning_max"));
  EXPECT_EQ(excursion_matter("critical_min"), excursion_matter("warning_min"));
  EXPECT_NE(excursion_matter("critical_min"), excursion_matter("critical_max"));
  EXPECT_EQ(excursion_matter("flat_line"), "flat_line");
}

TEST(ExcursionDelay, IsThePolicysAndOfBandsOnly) {
  Policy policy;
  policy.site = "s";
  policy.type = "*";
  policy.on_delay_s = 300;
  const PolicyBook book({policy});
  EXPECT_EQ(excursion_delay_ms("s", "co2", "warning_max", book), 300'000);
  EXPECT_EQ(excursion_delay_ms("s", "co2", "spike", book), 0);
  EXPECT_EQ(excursion_delay_ms("other", "co2", "warning_max", book), 0);
}

TEST(ExcursionQuiet, OnlyWhatCouldNotBeReadWaits) {
  EXPECT_EQ(excursion_quiet_ms("temperature"), 0);
  EXPECT_EQ(excursion_quiet_ms("unparsed"), 3'600'000);
}

TEST(IsWorsePeak, FollowsTheSide) {
  EXPECT_TRUE(is_worse_peak("max", "36.5", "36"));
  EXPECT_FALSE(is_worse_peak("max", "36.0", "36"));
  EXPECT_TRUE(is_worse_peak("min", "-1", "0"));
  EXPECT_FALSE(is_worse_peak("spike", "99", "1")) << "of other matters the first stays";
  EXPECT_TRUE(is_worse_peak("spike", "1", ""));
  EXPECT_FALSE(is_worse_peak("max", "", "36"));
}

}  // namespace
}  // namespace edge
