#include "protocols/record/mismatch.h"

#include <gtest/gtest.h>

#include <functional>

#include "protocols/record/reason.h"

namespace edge {
namespace {

using Origin = TicketFacts::Origin;

constexpr std::int64_t kGrossAt = 1771841101250;
constexpr std::int64_t kTareAt = 1771843020500;

WeighingFacts captured(std::string_view value, std::int64_t at) {
  WeighingFacts facts;
  facts.scale = "ws1", facts.value = value, facts.unit = "kg", facts.stability = "Indicator", facts.at = at;
  return facts;
}

/// The ticket of wire.md §3 but for its declared weight, which here is right.
TicketFacts good_ticket() {
  TicketFacts ticket;
  ticket.site = "silo-a", ticket.scale = "ws1", ticket.unit = "kg", ticket.at = kTareAt;
  ticket.gross = "38440", ticket.tare = "14580", ticket.net = "23860", ticket.declared_net_kg = "23860";
  ticket.stability = "Indicator", ticket.direction = "Receive";
  ticket.gross_weighing = "932a4af8e6c52ebde94c2cf4d3109adc";
  ticket.tare_weighing = "cb560f5cdeed2b42a62eb70505f8f62f";
  ticket.gross_stored = captured("38440", kGrossAt), ticket.tare_stored = captured("14580", kTareAt);
  return ticket;
}

ToleranceBook book_of(const char* pct, std::optional<std::string> kg = {}) {
  TolerancePolicy policy;
  policy.name = "Silo A", policy.version = "1771500000000", policy.site = "silo-a";
  policy.tolerance_pct = pct, policy.tolerance_kg = std::move(kg);
  return ToleranceBook({policy});
}

TEST(JudgeTicket, ExampleOfTheWire) {
  TicketFacts ticket = good_ticket();
  ticket.declared_net_kg = "24800";
  const TicketVerdict verdict = judge_ticket(ticket, book_of("2.5"));
  EXPECT_TRUE(verdict.mismatch);
  EXPECT_TRUE(verdict.nonconformance);
  EXPECT_EQ(verdict.reasons, std::vector<std::string>{"net_vs_declared:-3.79%"});
  EXPECT_EQ(verdict.gross_kg, "38440.000");
  EXPECT_EQ(verdict.tare_kg, "14580.000");
  EXPECT_EQ(verdict.net, "23860");
  EXPECT_EQ(verdict.net_kg, "23860.000");
  EXPECT_EQ(verdict.difference_kg, "-940.000");
  EXPECT_EQ(verdict.difference_pct, "3.79");
  EXPECT_EQ(verdict.tolerance_pct, "2.5");
  EXPECT_EQ(verdict.policy_version, "1771500000000");
}

TEST(JudgeTicket, WithoutPolicyIsJudgedByTwoAndAHalfPerCent) {
  TicketFacts ticket = good_ticket();
  ticket.site = "silo-b", ticket.declared_net_kg = "24800";
  const TicketVerdict verdict = judge_ticket(ticket, book_of("10"));
  EXPECT_TRUE(verdict.mismatch);
  EXPECT_EQ(verdict.tolerance_pct, "2.5");
  EXPECT_EQ(verdict.policy_version, "");
}

struct Case {
  const char* name;
  std::function<void(TicketFacts&)> change;
  std::vector<std::string> reasons;
};
const Case kCases[] = {
    {"Good", [](auto&) {}, {}},
    {"WithinTolerance", [](auto& t) { t.declared_net_kg = "24000"; }, {}},
    {"NotDeclared", [](auto& t) { t.declared_net_kg = ""; }, {}},
    {"DeclaredZero", [](auto& t) { t.declared_net_kg = "0"; }, {}},
    {"DeclaredZeroOfAForm", [](auto& t) { t.declared_net_kg = "0.000"; }, {}},
    {"DeclaredNegative", [](auto& t) { t.declared_net_kg = "-24800"; }, {}},
    {"DeclaredLessThanAGram", [](auto& t) { t.declared_net_kg = "0.0001"; }, {}},
    {"DeclaredIsNoNumber", [](auto& t) { t.declared_net_kg = "24,8"; }, {"net_arithmetic:declared_net_kg"}},
    {"MoreThanDeclared", [](auto& t) { t.declared_net_kg = "20000"; }, {"net_vs_declared:19.30%"}},
    {"NegativeNet",
     [](auto& t) {
       t.gross = "14580", t.tare = "38440", t.net = "-23860";
       t.gross_stored->value = "14580", t.tare_stored->value = "38440";
     },
     {"net_vs_declared:-200.00%", "gross_below_tare"}},
    {"NetIsZero",
     [](auto& t) { t.tare = "38440", t.net = "0", t.tare_stored->value = "38440", t.declared_net_kg = ""; },
     {}},
    {"NetSentIsAnother", [](auto& t) { t.net = "23880"; }, {"net_arithmetic:23880"}},
    {"NetSentWithOtherZeros", [](auto& t) { t.net = "23860.000000000"; }, {}},
    {"NetIsNoNumber", [](auto& t) { t.net = "a lot"; }, {"net_arithmetic:net"}},
    {"NetNotSent", [](auto& t) { t.net = ""; }, {}},
    {"GrossIsNoNumber", [](auto& t) { t.gross = "NaN"; }, {"net_arithmetic:gross", "weight_not_captured:gross"}},
    {"TareWithComma", [](auto& t) { t.tare = "14,580"; }, {"net_arithmetic:tare", "weight_not_captured:tare"}},
    {"GrossOfTheSun", [](auto& t) { t.gross = "999999999999"; }, {"net_arithmetic:gross", "weight_not_captured:gross"}},
    {"GrossMissing", [](auto& t) { t.gross = "", t.net = "", t.gross_stored.reset(); }, {}},
    {"NoUnit",
     [](auto& t) { t.unit = ""; },
     {"net_arithmetic:unit", "weight_not_captured:gross", "weight_not_captured:tare"}},
    {"NotAUnitOfMass",
     [](auto& t) { t.unit = "m3"; },
     {"net_arithmetic:unit", "weight_not_captured:gross", "weight_not_captured:tare"}},
    {"StoredValueIsAnother", [](auto& t) { t.gross_stored->value = "38460"; }, {"weight_not_captured:gross"}},
    {"StoredTareIsAnother", [](auto& t) { t.tare_stored->value = "14560"; }, {"weight_not_captured:tare"}},
    {"StoredOnAnotherScale", [](auto& t) { t.gross_stored->scale = "ws2"; }, {"weight_not_captured:gross"}},
    {"StoredHasNoValue", [](auto& t) { t.gross_stored->value = ""; }, {"weight_not_captured:gross"}},
    {"StoredInAnotherUnit",
     [](auto& t) { t.tare_stored->unit = "lb"; },
     {"weight_not_captured:tare", "unit_mismatch:kg/lb"}},
    {"BothStoredInAnotherUnit",
     [](auto& t) { t.gross_stored->unit = "lb", t.tare_stored->unit = "lb"; },
     {"weight_not_captured:gross", "weight_not_captured:tare"}},
    {"StoredUnitSpelledOtherwise", [](auto& t) { t.gross_stored->unit = "KG"; }, {}},
    {"StoredWithMoreDecimals", [](auto& t) { t.gross_stored->value = "38440.0"; }, {}},
    {"NotStoredHere", [](auto& t) { t.gross_stored.reset(), t.tare_stored.reset(); }, {}},
    {"GrossNamesNoWeighing",
     [](auto& t) { t.gross_weighing = "", t.gross_stored.reset(); },
     {"weight_not_captured:gross"}},
    {"StoredTareOfTheVehicle", [](auto& t) { t.tare_weighing = "", t.tare_stored.reset(); }, {}},
    {"DeskHasNoWeighings",
     [](auto& t) {
       t.origin = Origin::kDesk, t.gross_weighing = t.tare_weighing = "";
       t.gross_stored.reset(), t.tare_stored.reset();
     },
     {"manual_entry"}},
    {"CsvWithAWrongNet",
     [](auto& t) { t.origin = Origin::kCsv, t.net = "23861", t.gross_weighing = ""; },
     {"net_arithmetic:23861", "manual_entry"}},
    {"Manual", [](auto& t) { t.manual = true; }, {"manual_entry"}},
    {"ManualWeighing", [](auto& t) { t.tare_stored->manual = true; }, {"manual_entry"}},
    {"Inferred", [](auto& t) { t.stability = "Inferred"; }, {"stability_inferred"}},
    {"InferredWeighing", [](auto& t) { t.gross_stored->stability = "Inferred"; }, {"stability_inferred"}},
    {"OverrideNoZero",
     [](auto& t) { t.gross_stored->override_reason = "no_zero_return: queue at the gate"; },
     {"no_zero_return"}},
    {"OverrideCodeAlone", [](auto& t) { t.gross_stored->override_reason = "below_min"; }, {"below_min"}},
    {"OverrideInWords", [](auto& t) { t.gross_stored->override_reason = "over_capacity said Ali"; }, {"over_capacity"}},
    {"OverrideOfTwo",
     [](auto& t) { t.gross_stored->override_reason = "no_zero_return+over_capacity: x"; },
     {"no_zero_return", "over_capacity"}},
    {"OverrideWithoutCode", [](auto& t) { t.gross_stored->override_reason = "rain"; }, {}},
    {"OverrideOfBoth",
     [](auto& t) { t.gross_stored->override_reason = "below_min: x", t.tare_stored->override_reason = "below_min: y"; },
     {"below_min"}},
    {"OverridePresetTare", [](auto& t) { t.tare_stored->override_reason = "preset_tare: x"; }, {"preset_tare"}},
    {"TareBeforeGrossWhenReceiving", [](auto& t) { t.tare_stored->at = kGrossAt - 1; }, {"time_order"}},
    {"AtTheSameTime", [](auto& t) { t.tare_stored->at = kGrossAt; }, {}},
    {"GrossBeforeTareWhenDispatching", [](auto& t) { t.direction = "Dispatch"; }, {"time_order"}},
    {"DirectionNotKnown", [](auto& t) { t.direction = "", t.tare_stored->at = kGrossAt - 1; }, {}},
    {"WeighingAfterTheTicket", [](auto& t) { t.at = kTareAt - 1; }, {"time_order"}},
    {"AtTheEndsOfTime", [](auto& t) { t.gross_stored->at = INT64_MAX, t.tare_stored->at = INT64_MIN; }, {"time_order"}},
    {"WorstFirst",
     [](auto& t) {
       t.manual = true, t.stability = "Inferred", t.gross_stored->override_reason = "no_zero_return: x";
       t.tare_stored->at = kGrossAt - 1, t.declared_net_kg = "30000", t.net = "1", t.gross_stored->value = "1";
     },
     {"net_vs_declared:-20.47%", "net_arithmetic:1", "weight_not_captured:gross", "no_zero_return", "time_order",
      "manual_entry", "stability_inferred"}},
};
class Judged : public testing::TestWithParam<Case> {};
TEST_P(Judged, HasItsReasons) {
  TicketFacts ticket = good_ticket();
  GetParam().change(ticket);
  const TicketVerdict verdict = judge_ticket(ticket, book_of("2.5"));
  EXPECT_EQ(verdict.reasons, GetParam().reasons);
  bool mismatch = false;
  bool nonconformance = false;
  for (const std::string& reason : verdict.reasons) {
    EXPECT_TRUE(is_reason(reason)) << reason;
    mismatch = mismatch || (reason != "manual_entry" && reason != "stability_inferred");
    nonconformance = nonconformance || is_nonconformance(reason);
  }
  EXPECT_EQ(verdict.mismatch, mismatch);
  EXPECT_EQ(verdict.nonconformance, nonconformance);
}
INSTANTIATE_TEST_SUITE_P(Tickets, Judged, testing::ValuesIn(kCases), [](const auto& row) { return row.param.name; });

struct LimitCase {
  const char* name;
  const char* pct;
  const char* kg;  ///< empty: not set
  const char* gross;
  const char* tare;
  const char* declared;
  bool mismatch;
  const char* difference_pct;
};
const LimitCase kLimits[] = {
    {"ExactlyAtTheTolerance", "2.5", "", "41000", "0", "40000", false, "2.50"},
    {"AGramAbove", "2.5", "", "41000.001", "0", "40000", true, "2.50"},
    {"ExactlyBelow", "2.5", "", "39000", "0", "40000", false, "2.50"},
    {"AGramBelow", "2.5", "", "38999.999", "0", "40000", true, "2.50"},
    {"ThirdsDoNotRound", "33.333333333", "", "4000", "0", "3000", true, "33.33"},
    {"ThirdsRoundedUp", "33.333333334", "", "4000", "0", "3000", false, "33.33"},
    {"NoTolerance", "0", "", "40000", "0", "40000", false, "0.00"},
    {"NoToleranceAndAGram", "0", "", "40000.001", "0", "40000", true, "0.00"},
    {"HalfOfAHundredth", "5", "", "20001", "0", "20000", false, "0.01"},  // 0.005 % away from zero
    {"HalfOfAHundredthLess", "5", "", "19999", "0", "20000", false, "0.01"},
    {"BothLimitsPassed", "2.5", "200", "42000", "0", "40000", true, "5.00"},
    {"OnlyPercentPassed", "2.5", "200", "1100", "0", "1000", false, "10.00"},
    {"ExactlyTheKilograms", "2.5", "200", "1200", "0", "1000", false, "20.00"},
    {"AGramOverTheKilograms", "2.5", "200", "1200.001", "0", "1000", true, "20.00"},
    {"OnlyKilogramsPassed", "2.5", "200", "40300", "0", "40000", false, "0.75"},
    {"PolicyOfNoNumber", "much", "", "41000.001", "0", "40000", true, "2.50"},
    {"NetIsNegative", "2.5", "", "0", "100", "100", true, "200.00"},
    {"PercentIsBounded", "2.5", "", "999999999", "0", "0.001", true, "999999999.99"},
};
class Limits : public testing::TestWithParam<LimitCase> {};
TEST_P(Limits, AreExact) {
  const LimitCase& row = GetParam();
  TicketFacts ticket;
  ticket.origin = Origin::kDesk;
  ticket.site = "silo-a", ticket.unit = "kg";
  ticket.gross = row.gross, ticket.tare = row.tare, ticket.declared_net_kg = row.declared;
  const bool has_kg = *row.kg != '\0';
  const auto verdict =
      judge_ticket(ticket, book_of(row.pct, has_kg ? std::optional<std::string>(row.kg) : std::nullopt));
  const bool found = !verdict.reasons.empty() && reason_code(verdict.reasons.front()) == "net_vs_declared";
  EXPECT_EQ(found, row.mismatch);
  EXPECT_EQ(verdict.difference_pct, row.difference_pct);
}
INSTANTIATE_TEST_SUITE_P(Tolerances, Limits, testing::ValuesIn(kLimits),
                         [](const auto& row) { return row.param.name; });

TEST(JudgeTicket, PoundsAreConvertedOnceFromTheNet) {
  TicketFacts ticket;
  ticket.unit = "lb", ticket.gross = "84740", ticket.tare = "32140", ticket.declared_net_kg = "23859";
  const TicketVerdict verdict = judge_ticket(ticket, ToleranceBook());
  EXPECT_EQ(verdict.net, "52600");
  EXPECT_EQ(verdict.gross_kg, "38437.417");  // 38437.4174338
  EXPECT_EQ(verdict.tare_kg, "14578.459");   // 14578.4587718
  EXPECT_EQ(verdict.net_kg, "23858.959");    // 23858.958662, not 23858.958
  EXPECT_EQ(verdict.difference_kg, "-0.041");
}

TEST(JudgeTicket, TonnesKeepTheirResolution) {
  TicketFacts ticket;
  ticket.origin = Origin::kCsv;
  ticket.unit = "T", ticket.gross = "38.44", ticket.tare = "14.580", ticket.net = "23.86";
  const TicketVerdict verdict = judge_ticket(ticket, ToleranceBook());
  EXPECT_EQ(verdict.net, "23.860");
  EXPECT_EQ(verdict.net_kg, "23860.000");
  EXPECT_EQ(verdict.reasons, std::vector<std::string>{"manual_entry"});
}

TEST(JudgeTicket, NothingThatSomebodyWritesIsRefused) {
  const std::string line = "1\n2\r<img onerror>" + std::string(5000, 'x');
  for (const std::string_view text :
       {std::string_view("\xff\xfe"), std::string_view(line), std::string_view("\0", 1)}) {
    TicketFacts ticket = good_ticket();
    ticket.gross = ticket.tare = ticket.net = ticket.declared_net_kg = text;
    ticket.gross_stored->unit = text, ticket.tare_stored->override_reason = text;
    for (const std::string& reason : judge_ticket(ticket, ToleranceBook()).reasons) EXPECT_TRUE(is_reason(reason));
    ticket.unit = text;
    for (const std::string& reason : judge_ticket(ticket, ToleranceBook()).reasons) EXPECT_TRUE(is_reason(reason));
  }
}

TEST(Reasons, MakeWhatDesignSays) {
  for (const char* const code :
       {"net_vs_declared:-3.79%", "net_arithmetic", "gross_below_tare", "weight_not_captured:gross", "unit_mismatch",
        "duplicate_ticket", "chain_broken", "indicator_net", "preset_tare"}) {
    EXPECT_TRUE(is_nonconformance(code) && is_mismatch(code)) << code;
  }
  for (const char* const code :
       {"tare_drift", "stale_tare", "time_order", "over_capacity", "below_min", "no_zero_return:x", "unstable"}) {
    EXPECT_TRUE(!is_nonconformance(code) && is_mismatch(code)) << code;
  }
  for (const char* const code : {"manual_entry", "stability_inferred", "", "net_vs_declared2", "number_gap"}) {
    EXPECT_TRUE(!is_nonconformance(code) && !is_mismatch(code)) << code;
  }
}

}  // namespace
}  // namespace edge
