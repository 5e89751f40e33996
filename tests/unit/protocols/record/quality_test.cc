#include "protocols/record/quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/record/reason.h"

namespace edge {
namespace {

using Reasons = std::vector<std::string>;

/// The bin temperature policy design.md §3 ships, with the span of wire.md §5.
Policy bin_temperature() {
  Policy policy;
  policy.name = "Bin temperature", policy.version = "1771500000000";
  policy.site = "silo-a", policy.type = "temperature", policy.unit = "C";
  policy.warning = {"10", "30"};
  policy.critical = {"5", "35"};
  policy.valid = {"-40", "85"};
  return policy;
}

QualityFacts facts(std::optional<std::string_view> value, std::string_view unit = "C") {
  QualityFacts out;
  out.site = "silo-a", out.device = "bin3-t1", out.type = "temperature";
  out.value = value, out.unit = unit;
  return out;
}

struct Case {
  const char* name;
  const char* value;
  const char* unit;
  Flag flag;
  Reasons reasons;
};
const Case kCases[] = {
    {"Inside", "28.50", "C", Flag::kOk, {}},
    {"UpperWarningEndBelongsToOk", "30", "C", Flag::kOk, {}},
    {"UpperWarningEndWithZeros", "30.000", "C", Flag::kOk, {}},
    {"JustAboveWarning", "30.000000000000001", "C", Flag::kWarning, {"warning_max:30"}},
    {"UpperCriticalEndBelongsToWarning", "35", "C", Flag::kWarning, {"warning_max:30"}},
    {"JustAboveCritical", "35.1", "C", Flag::kQuarantine, {"critical_max:35"}},
    {"UpperSpanEnd", "85", "C", Flag::kQuarantine, {"critical_max:35"}},
    {"AboveTheSpan", "85.1", "C", Flag::kInvalid, {"valid_max:85"}},
    {"LowerWarningEnd", "10", "C", Flag::kOk, {}},
    {"BelowWarning", "9.99", "C", Flag::kWarning, {"warning_min:10"}},
    {"LowerCriticalEnd", "5", "C", Flag::kWarning, {"warning_min:10"}},
    {"BelowCritical", "4.9", "C", Flag::kQuarantine, {"critical_min:5"}},
    {"LowerSpanEnd", "-40", "C", Flag::kQuarantine, {"critical_min:5"}},
    {"BelowTheSpan", "-40.1", "C", Flag::kInvalid, {"valid_min:-40"}},
    {"PowerOnReset", "85.0000", "C", Flag::kQuarantine, {"critical_max:35"}},
    {"OtherSpellingOfTheUnit", "40", "degC", Flag::kQuarantine, {"critical_max:35"}},
    {"OtherUnitIsNotJudged", "95", "F", Flag::kWarning, {"unit_mismatch:F"}},
    {"NoUnitIsNotJudged", "95", "", Flag::kWarning, {"unit_missing"}},
    {"HostileUnit", "20", "<img>\n", Flag::kWarning, {"unit_mismatch:<img> "}},
};
class JudgeBand : public testing::TestWithParam<Case> {};
TEST_P(JudgeBand, FlagsAndSaysWhy) {
  const PolicyBook book({bin_temperature()});
  const Verdict verdict = judge(facts(GetParam().value, GetParam().unit), book);
  EXPECT_EQ(verdict.flag, GetParam().flag);
  EXPECT_EQ(verdict.reasons, GetParam().reasons);
  EXPECT_EQ(verdict.policy_version, "1771500000000");
}
INSTANTIATE_TEST_SUITE_P(BinTemperature, JudgeBand, testing::ValuesIn(kCases),
                         [](const auto& row) { return row.param.name; });

// design.md §3: relative humidity % 50–70 / 70–80 / > 80, and refrigerator °C 1–5 / 5–8 / > 8 or < 0.
TEST(Judge, TheOtherShippedExamples) {
  Policy humidity;
  humidity.site = "silo-a", humidity.type = "temperature";
  humidity.warning = {"50", "70"}, humidity.critical.max = "80";
  const PolicyBook humidity_book({humidity});
  EXPECT_EQ(judge(facts("70"), humidity_book).flag, Flag::kOk);
  EXPECT_EQ(judge(facts("80"), humidity_book).flag, Flag::kWarning);
  EXPECT_EQ(judge(facts("80.5"), humidity_book).flag, Flag::kQuarantine);
  EXPECT_EQ(judge(facts("10"), humidity_book).flag, Flag::kWarning) << "a one-sided critical band";
  Policy fridge;
  fridge.site = "silo-a", fridge.type = "temperature";
  fridge.warning = {"1", "5"}, fridge.critical = {"0", "8"};
  const PolicyBook fridge_book({fridge});
  EXPECT_EQ(judge(facts("0"), fridge_book).flag, Flag::kWarning);
  EXPECT_EQ(judge(facts("-0.1"), fridge_book).flag, Flag::kQuarantine);
  EXPECT_EQ(judge(facts("8.1"), fridge_book).flag, Flag::kQuarantine);
}

TEST(Judge, WithoutAPolicyIsOkAndSaysSo) {
  const Verdict verdict = judge(facts("28.5"), PolicyBook());
  EXPECT_EQ(verdict.flag, Flag::kOk);
  EXPECT_EQ(verdict.reasons, Reasons{"no_policy"});
  EXPECT_EQ(verdict.policy_version, "");
}

TEST(Judge, APolicyWithoutUnitJudgesEveryUnit) {
  Policy policy = bin_temperature();
  policy.unit.clear();
  const PolicyBook book({policy});
  EXPECT_EQ(judge(facts("40", "F"), book).flag, Flag::kQuarantine);
  EXPECT_EQ(judge(facts("40", ""), book).flag, Flag::kQuarantine);
}

TEST(Judge, EveryFaultMakesItInvalid) {
  QualityFacts no_value = facts(std::nullopt);
  no_value.faults = {"not_a_number:NaN"};
  const Verdict verdict = judge(no_value, PolicyBook({bin_temperature()}));
  EXPECT_EQ(verdict.flag, Flag::kInvalid);
  EXPECT_EQ(verdict.reasons, Reasons{"not_a_number:NaN"});
}

TEST(Judge, NoValueIsInvalid) {
  const Verdict verdict = judge(facts(std::nullopt), PolicyBook({bin_temperature()}));
  EXPECT_EQ(verdict.flag, Flag::kInvalid);
  EXPECT_EQ(verdict.reasons, Reasons{"no_value"});
}

TEST(Judge, AValueNoColumnHoldsIsInvalid) {
  EXPECT_EQ(judge(facts("1000000000000"), PolicyBook()).reasons, (Reasons{"not_storable", "no_policy"}));
  EXPECT_EQ(judge(facts("1000000000000"), PolicyBook()).flag, Flag::kInvalid);
  EXPECT_EQ(judge(facts("28,5"), PolicyBook()).reasons, (Reasons{"not_a_number:28,5", "no_policy"}));
}

TEST(Judge, AnUnknownDeviceIsQuarantined) {
  PolicyBook book({bin_temperature()});
  book.set_devices({{"silo-a", "bin3-t2"}});
  const Verdict verdict = judge(facts("28.5"), book);
  EXPECT_EQ(verdict.flag, Flag::kQuarantine);
  EXPECT_EQ(verdict.reasons, Reasons{"unknown_device"});
}

TEST(Judge, ABadTimeIsAWarning) {
  QualityFacts late = facts("28.5");
  late.bad_time = "1999-01-01T00:00:00Z";
  const Verdict verdict = judge(late, PolicyBook({bin_temperature()}));
  EXPECT_EQ(verdict.flag, Flag::kWarning);
  EXPECT_EQ(verdict.reasons, Reasons{"bad_time:1999-01-01T00:00:00Z"});
}

TEST(Judge, ListsEveryReasonWorstFirst) {
  PolicyBook book({bin_temperature()});
  book.set_devices({});
  QualityFacts all = facts("32");
  all.bad_time = "soon";
  all.faults = {"bad_checksum"};
  const Verdict verdict = judge(all, book);
  EXPECT_EQ(verdict.flag, Flag::kInvalid);
  EXPECT_EQ(verdict.reasons, (Reasons{"bad_checksum", "unknown_device", "warning_max:30", "bad_time:soon"}));
}

TEST(Judge, GivesReasonsWhateverTheFaultsSay) {
  QualityFacts hostile = facts(std::nullopt);
  hostile.faults = {"", "Not A Code", "x:\r\n", std::string(500, 'y')};
  for (const std::string& reason : judge(hostile, PolicyBook()).reasons) EXPECT_TRUE(is_reason(reason)) << reason;
}

}  // namespace
}  // namespace edge
