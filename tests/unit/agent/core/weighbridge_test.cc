#include "agent/core/weighbridge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "agent/core/alibi.h"
#include "tests/support/scale_rig.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using test::FakeClock;
using test::ScaleRig;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class WeighbridgeTest : public testing::Test {
 protected:
  Result<wire::Weighing> capture(const std::string& override_reason = "") {
    CaptureOrder order;
    order.override_reason = override_reason;
    order.operator_id = "op-7";
    return rig_.bridge->capture(order);
  }
  Result<wire::Weighing> key_in(const std::string& value, const std::string& unit, const std::string& reason,
                                std::optional<std::int64_t> ticket = {}) {
    CaptureOrder order;
    order.ticket = ticket;
    order.manual_value = value;
    order.manual_unit = unit;
    order.manual_reason = reason;
    return rig_.bridge->capture(order);
  }
  std::size_t kept() { return rig_.store->weighings("ws1", 0, 1'000).value().size(); }
  std::int64_t open_id(const std::string& vehicle, const std::string& direction = "Receive") {
    return rig_.start(vehicle, direction).value().id;
  }
  ScaleRig rig_;
};

template <class T>
void expect_refused(const Result<T>& result, std::string_view code) {
  ASSERT_FALSE(result) << code;
  EXPECT_EQ(result.error().code, Errc::kRefused) << result.error().detail;
  EXPECT_THAT(result.error().detail, StartsWith(std::string(code) + ": "));
}
template <class T>
void expect_malformed(const Result<T>& result, std::string_view field) {
  ASSERT_FALSE(result) << field;
  EXPECT_EQ(result.error().code, Errc::kMalformed) << result.error().detail;
  EXPECT_THAT(result.error().detail, StartsWith(std::string(field) + ": "));
}

TEST_F(WeighbridgeTest, ACaptureSaysAllOfTheWeightAndIsKept) {
  rig_.load(38'440);
  const auto weighing = capture();
  ASSERT_TRUE(weighing) << weighing.error().detail;
  EXPECT_EQ(weighing->value, "38440");
  EXPECT_EQ(weighing->unit, "kg");
  EXPECT_EQ(weighing->kg, "38440.000");
  EXPECT_EQ(weighing->e, "20");
  EXPECT_EQ(weighing->mode, "gross");
  EXPECT_EQ(weighing->role, "unknown");
  EXPECT_EQ(weighing->stability, "Indicator");
  EXPECT_GE(weighing->stable_ms, 1'000);
  EXPECT_EQ(weighing->spread, "0");
  EXPECT_LT(weighing->zero_seen_at, weighing->at);
  EXPECT_GT(weighing->zero_seen_at, weighing->at - 10'000);
  EXPECT_EQ(weighing->profile, "toledo");
  EXPECT_EQ(weighing->checksum, "ok");
  EXPECT_EQ(weighing->raw_hex, "0233383434300d");
  EXPECT_EQ(weighing->operator_id, "op-7");
  EXPECT_EQ(weighing->override_reason, "");
  EXPECT_FALSE(weighing->manual);
  EXPECT_EQ(weighing->at, rig_.clock.utc_ms());
  EXPECT_EQ(weighing->mono_ms, rig_.clock.mono_ms());
  EXPECT_EQ(weighing->boot, "5f0c9a1e");
  EXPECT_EQ(weighing->stamp.site, "silo-a");
  EXPECT_EQ(weighing->alibi_seq, 1);
  const auto again = rig_.store->weighing(weighing->stamp.uid);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->hash, weighing->hash);
  EXPECT_EQ(kept(), 2U) << "with its genesis record";
  EXPECT_THAT(verify_alibi(*rig_.store, "gw-silo-a", "ws1")->faults, ElementsAre());
}

struct Shown {
  const char* code;
  void (*show)(ScaleRig&);
};
const Shown kRefusals[] = {
    {"no_signal", [](ScaleRig&) {}},
    {"stale",
     [](ScaleRig& rig) {
       rig.load(38'440);
       rig.clock.advance(milliseconds(1'600));
     }},
    {"bad_frame",
     [](ScaleRig& rig) {
       rig.load(38'440);
       rig.bridge->trouble("ws1", "\x02?", "bad checksum", rig.clock.mono_ms());
     }},
    {"in_motion",
     [](ScaleRig& rig) {
       rig.load(38'440);
       auto moving = ScaleRig::frame(38'440);
       moving.stable = Tri::kNo;
       rig.show(moving, ScaleRig::kFrame);
     }},
    {"not_settled",
     [](ScaleRig& rig) {
       rig.empty();
       rig.show(ScaleRig::frame(38'440), milliseconds(300));
     }},
    {"out_of_range",
     [](ScaleRig& rig) {
       rig.load(38'440);
       auto over = ScaleRig::frame(61'000);
       over.range = WeightRange::kOver;
       over.value.reset();
       rig.show(over, milliseconds(2'000));
     }},
    {"net_without_tare",
     [](ScaleRig& rig) {
       rig.empty();
       auto net = ScaleRig::frame(23'860);
       net.mode = WeightMode::kNet;
       rig.show(net, milliseconds(2'000));
     }},
    {"no_zero_return", [](ScaleRig& rig) { rig.show(ScaleRig::frame(38'440), milliseconds(2'000)); }},
    {"below_min", [](ScaleRig& rig) { rig.load(380); }},
    {"over_capacity", [](ScaleRig& rig) { rig.load(60'200); }},
};
class Refusals : public testing::TestWithParam<Shown> {};
TEST_P(Refusals, KeepNothing) {
  ScaleRig rig;
  GetParam().show(rig);
  const auto weighing = rig.bridge->capture({});
  expect_refused(weighing, GetParam().code);
  EXPECT_GT(weighing.error().detail.size(), std::string_view(GetParam().code).size() + 10) << "a sentence follows";
  EXPECT_TRUE(rig.store->weighings("ws1", 0, 10).value().empty());
}
INSTANTIATE_TEST_SUITE_P(Shown, Refusals, testing::ValuesIn(kRefusals), [](const auto& row) { return row.param.code; });

TEST_F(WeighbridgeTest, ALoadIsCapturedOnceUntilTheScaleWasEmpty) {
  ASSERT_TRUE(rig_.weigh(38'440));
  rig_.show(ScaleRig::frame(38'440), milliseconds(2'000));
  expect_refused(capture(), "already_captured");
  expect_refused(capture("in a hurry"), "already_captured");
  EXPECT_EQ(kept(), 2U);
  EXPECT_TRUE(rig_.weigh(14'580));
}

TEST_F(WeighbridgeTest, TwoOrdersAtOnceCaptureOneLoadOnce) {
  rig_.load(38'440);
  std::vector<Result<wire::Weighing>> results(4, fail(Errc::kIo, ""));
  std::vector<std::thread> orders;
  for (auto& result : results) orders.emplace_back([&] { result = rig_.bridge->capture({}); });
  for (auto& order : orders) order.join();
  int good = 0;
  for (const auto& result : results) {
    if (result) {
      ++good;
    } else {
      expect_refused(result, "already_captured");
    }
  }
  EXPECT_EQ(good, 1);
  EXPECT_EQ(kept(), 2U);
}

TEST_F(WeighbridgeTest, WhatComesWhileTheDiskIsSlowDoesNotChangeTheRecord) {
  rig_.load(38'440);
  rig_.weighings.before = [this] { rig_.show(ScaleRig::frame(38'460), milliseconds(500)); };
  const auto weighing = capture();
  ASSERT_TRUE(weighing);
  EXPECT_EQ(weighing->value, "38440");
  EXPECT_EQ(weighing->raw_hex, "0233383434300d");
  EXPECT_EQ(weighing->at, rig_.clock.utc_ms() - 500);
  rig_.weighings.before = nullptr;
  expect_refused(capture(), "already_captured");
}

TEST_F(WeighbridgeTest, ALoadThatCameWhileTheDiskWasSlowIsAnotherOne) {
  rig_.load(38'440);
  rig_.weighings.before = [this] { rig_.load(14'580); };
  ASSERT_TRUE(capture());
  rig_.weighings.before = nullptr;
  const auto next = capture();
  ASSERT_TRUE(next) << next.error().detail;
  EXPECT_EQ(next->value, "14580");
}

TEST_F(WeighbridgeTest, WhatCouldNotBeKeptWasNotCaptured) {
  rig_.load(38'440);
  rig_.weighings.failure = Error{Errc::kIo, "disk"};
  const auto lost = capture();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Errc::kIo);
  rig_.weighings.failure.reset();
  EXPECT_TRUE(capture());
}

TEST_F(WeighbridgeTest, ANetFrameGivesTheGrossWithItsTareBesideIt) {
  rig_.empty();
  auto net = ScaleRig::frame(23'860);
  net.mode = WeightMode::kNet;
  net.tare = Weight{14'580, 0};
  rig_.show(net, milliseconds(2'000));
  const auto weighing = capture();
  ASSERT_TRUE(weighing) << weighing.error().detail;
  EXPECT_EQ(weighing->value, "38440");
  EXPECT_EQ(weighing->kg, "38440.000");
  EXPECT_EQ(weighing->mode, "net");
  EXPECT_EQ(weighing->tare, "14580");
}

TEST(WeighbridgeUnits, PoundsStayPounds) {
  auto setup = ScaleRig::setup();
  setup.rules.unit = "lb";
  setup.rules.max.reset();
  ScaleRig rig({setup});
  for (const auto& [shown, time] : {std::pair{0, 2'500}, std::pair{84'740, 2'000}}) {
    auto pounds = ScaleRig::frame(shown);
    pounds.unit = "lb";
    rig.show(pounds, milliseconds(time));
  }
  const auto weighing = rig.bridge->capture({});
  ASSERT_TRUE(weighing) << weighing.error().detail;
  EXPECT_EQ(weighing->value, "84740");
  EXPECT_EQ(weighing->unit, "lb");
  EXPECT_EQ(weighing->kg, "38437.417");  // 84740 × 0.45359237 = 38437.4174338
}

TEST_F(WeighbridgeTest, AnIndicatorWithoutStabilityIsInferred) {
  rig_.empty();
  auto mute = ScaleRig::frame(38'440);
  mute.stable = Tri::kUnknown;
  mute.mode = WeightMode::kUnknown;
  rig_.show(mute, milliseconds(2'000));
  const auto weighing = capture();
  ASSERT_TRUE(weighing) << weighing.error().detail;
  EXPECT_EQ(weighing->stability, "Inferred");
  EXPECT_EQ(weighing->mode, "unknown") << "what the frame does not say is not guessed";
}

TEST_F(WeighbridgeTest, AnOverrideStandsInTheRecordAfterItsCode) {
  rig_.load(380);
  const auto weighing = capture("  sample for the laboratory ");
  ASSERT_TRUE(weighing) << weighing.error().detail;
  EXPECT_EQ(weighing->override_reason, "below_min: sample for the laboratory");
}

TEST_F(WeighbridgeTest, AnOverrideThatNothingNeededLeavesNoTrace) {
  rig_.load(38'440);
  EXPECT_EQ(capture("just in case")->override_reason, "");
}

TEST_F(WeighbridgeTest, NobodyOverridesMotionOrSilence) {
  rig_.load(38'440);
  rig_.clock.advance(milliseconds(1'600));
  expect_refused(capture("in a hurry"), "stale");
  auto moving = ScaleRig::frame(38'440);
  moving.stable = Tri::kNo;
  rig_.show(moving, ScaleRig::kFrame);
  expect_refused(capture("in a hurry"), "in_motion");
}

TEST_F(WeighbridgeTest, AKeyedInWeightSaysSoAndLeavesTheScaleAlone) {
  rig_.load(38'440);
  const auto keyed = key_in("14.58", "T", "indicator broken");
  ASSERT_TRUE(keyed) << keyed.error().detail;
  EXPECT_TRUE(keyed->manual);
  EXPECT_EQ(keyed->value, "14.58");
  EXPECT_EQ(keyed->unit, "t");
  EXPECT_EQ(keyed->kg, "14580.000");
  EXPECT_EQ(keyed->stability, "None");
  EXPECT_EQ(keyed->raw_hex, "");
  EXPECT_EQ(keyed->reason, "indicator broken");
  EXPECT_EQ(keyed->override_reason, "");
  EXPECT_EQ(capture()->value, "38440") << "the load on the scale is still to be captured";
}

TEST_F(WeighbridgeTest, AKeyedInWeightNeedsNumberUnitAndReason) {
  expect_malformed(key_in("", "kg", "x"), "value");
  expect_malformed(key_in("14,580", "kg", "x"), "value");
  expect_malformed(key_in("-14580", "kg", "x"), "value");
  expect_malformed(key_in("14580", "", "x"), "unit");
  expect_malformed(key_in("14580", "stone", "x"), "unit");
  expect_malformed(key_in("14580", "kg", "  "), "reason");
  expect_malformed(key_in("14580", "kg", std::string(451, 'x')), "reason");
  CaptureOrder both;
  both.manual_value = "14580";
  both.override_reason = "x";
  expect_malformed(rig_.bridge->capture(both), "override");
  EXPECT_EQ(kept(), 0U);
}

TEST_F(WeighbridgeTest, TwoPassesMakeATicket) {
  TicketStart order;
  order.vehicle = " AB-123-C ";
  order.driver = "Saleh";
  order.direction = "Receive";
  order.declared_net_kg = "24800";
  order.lot = "LOT-2026-14";
  order.operator_id = "op-7";
  const auto open = rig_.bridge->start(order);
  ASSERT_TRUE(open) << open.error().detail;
  EXPECT_EQ(open->vehicle, "AB-123-C");
  EXPECT_EQ(open->scale, "ws1");
  EXPECT_EQ(open->opened_at, rig_.clock.utc_ms());
  const auto first = rig_.weigh(38'440, open->id), second = rig_.weigh(14'580, open->id);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->role, "gross");
  EXPECT_EQ(second->role, "tare");
  const auto ticket = rig_.bridge->complete({open->id, "op-8", ""});
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ticket->number, "silo-a-S1-3-000001");
  EXPECT_EQ(ticket->action, "complete");
  EXPECT_EQ(ticket->at, rig_.clock.utc_ms());
  EXPECT_EQ(ticket->direction, "Receive");
  EXPECT_EQ(ticket->unit, "kg");
  EXPECT_EQ(ticket->gross, "38440");
  EXPECT_EQ(ticket->tare, "14580");
  EXPECT_EQ(ticket->net, "23860");
  EXPECT_EQ(ticket->gross_kg, "38440.000");
  EXPECT_EQ(ticket->tare_kg, "14580.000");
  EXPECT_EQ(ticket->net_kg, "23860.000");
  EXPECT_EQ(ticket->gross_weighing, first->stamp.uid);
  EXPECT_EQ(ticket->tare_weighing, second->stamp.uid);
  EXPECT_EQ(ticket->alibi_hash, second->hash);
  EXPECT_EQ(ticket->vehicle, "AB-123-C");
  EXPECT_EQ(ticket->driver, "Saleh");
  EXPECT_EQ(ticket->lot, "LOT-2026-14");
  EXPECT_EQ(ticket->operator_id, "op-8");
  EXPECT_EQ(ticket->stability, "Indicator");
  EXPECT_FALSE(ticket->manual);
  EXPECT_EQ(ticket->prints, 1);
  EXPECT_TRUE(ticket->mismatch);
  EXPECT_THAT(ticket->reasons, ElementsAre("net_vs_declared:-3.79%"));
  EXPECT_EQ(ticket->difference_kg, "-940.000");
  EXPECT_EQ(ticket->difference_pct, "3.79");
  EXPECT_EQ(ticket->policy_version, "");
  EXPECT_TRUE(rig_.bridge->open_tickets()->empty());
  EXPECT_EQ(rig_.bridge->tickets(ticket->number, 1)->size(), 1U);
}

TEST_F(WeighbridgeTest, DispatchWeighsTheTareFirst) {
  const auto ticket = rig_.ticket("AB-1", 14'580, 38'440, "Dispatch");
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ticket->net, "23860");
  EXPECT_EQ(rig_.store->weighing(ticket->tare_weighing)->role, "tare");
  EXPECT_FALSE(ticket->mismatch);
  EXPECT_THAT(ticket->reasons, ElementsAre());
}

TEST_F(WeighbridgeTest, TheDirectionIsNeverGuessedByWeight) {
  const auto id = open_id("AB-1", "");
  EXPECT_EQ(rig_.weigh(38'440, id)->role, "unknown");
  ASSERT_TRUE(rig_.weigh(14'580, id));
  expect_malformed(rig_.bridge->complete({id, "", ""}), "direction");
  expect_malformed(rig_.bridge->complete({id, "", "in"}), "direction");
  EXPECT_EQ(rig_.bridge->complete({id, "", "Receive"})->net, "23860");
  const auto other = open_id("AB-2", "Receive");
  ASSERT_TRUE(rig_.weigh(38'440, other) && rig_.weigh(14'580, other));
  expect_malformed(rig_.bridge->complete({other, "", "Dispatch"}), "direction");
}

TEST_F(WeighbridgeTest, ANetBelowZeroIsShownAndFlagged) {
  const auto ticket = rig_.ticket("AB-1", 14'580, 38'440, "Receive");
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ticket->net, "-23860");
  EXPECT_EQ(ticket->net_kg, "-23860.000");
  EXPECT_TRUE(ticket->mismatch);
  EXPECT_THAT(ticket->reasons, ElementsAre("gross_below_tare"));
}

TEST_F(WeighbridgeTest, WeightsInTwoUnitsAreToldInKilogramsAndFlagged) {
  const auto open = rig_.start("AB-1", "Receive", "24800");
  ASSERT_TRUE(rig_.weigh(38'440, open->id));
  ASSERT_TRUE(key_in("32000", "lb", "indicator broken", open->id));
  const auto ticket = rig_.bridge->complete({open->id, "", ""});
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ticket->unit, "kg");
  EXPECT_EQ(ticket->gross, "38440.000");
  EXPECT_EQ(ticket->tare, "14514.956");  // 32000 × 0.45359237 = 14514.95584
  EXPECT_EQ(ticket->tare_kg, "14514.956");
  EXPECT_EQ(ticket->net, "23925.044");
  EXPECT_EQ(ticket->net_kg, "23925.044");
  EXPECT_TRUE(ticket->mismatch);
  EXPECT_THAT(ticket->reasons, testing::Contains("unit_mismatch:kg/lb"));
}

TEST_F(WeighbridgeTest, TheWeakestWeightGivesTheTicketItsStability) {
  const auto inferred = open_id("AB-1");
  rig_.empty();
  auto mute = ScaleRig::frame(38'440);
  mute.stable = Tri::kUnknown;
  rig_.show(mute, milliseconds(2'000));
  CaptureOrder order;
  order.ticket = inferred;
  ASSERT_TRUE(rig_.bridge->capture(order));
  ASSERT_TRUE(rig_.weigh(14'580, inferred));
  auto ticket = rig_.bridge->complete({inferred, "", ""});
  EXPECT_EQ(ticket->stability, "Inferred");
  EXPECT_THAT(ticket->reasons, ElementsAre("stability_inferred"));
  const auto keyed = open_id("AB-2");
  ASSERT_TRUE(rig_.weigh(38'440, keyed));
  ASSERT_TRUE(key_in("14580", "kg", "indicator broken", keyed));
  ticket = rig_.bridge->complete({keyed, "", ""});
  EXPECT_EQ(ticket->stability, "None");
  EXPECT_TRUE(ticket->manual);
  EXPECT_THAT(ticket->reasons, ElementsAre("manual_entry"));
  EXPECT_FALSE(ticket->mismatch);
}

TEST_F(WeighbridgeTest, AnOverriddenWeightFlagsItsTicket) {
  const auto id = open_id("AB-1");
  ASSERT_TRUE(rig_.weigh(38'440, id));
  rig_.show(ScaleRig::frame(14'580), milliseconds(2'000));
  rig_.restart();
  rig_.show(ScaleRig::frame(14'580), milliseconds(2'000));
  CaptureOrder order;
  order.ticket = id;
  expect_refused(rig_.bridge->capture(order), "no_zero_return");
  order.override_reason = "agent was started anew with the vehicle on the scale";
  ASSERT_TRUE(rig_.bridge->capture(order));
  const auto ticket = rig_.bridge->complete({id, "", ""});
  EXPECT_THAT(ticket->reasons, ElementsAre("no_zero_return"));
  EXPECT_TRUE(ticket->mismatch);
}

TEST_F(WeighbridgeTest, ATicketOutlivesARestartBetweenItsPasses) {
  const auto id = open_id("AB-1");
  ASSERT_TRUE(rig_.weigh(38'440, id));
  rig_.restart();
  ASSERT_EQ(rig_.bridge->open_tickets()->size(), 1U);
  EXPECT_EQ(rig_.weigh(14'580, id)->role, "tare");
  EXPECT_EQ(rig_.bridge->complete({id, "", ""})->net, "23860");
}

TEST_F(WeighbridgeTest, ATicketNeedsBothPassesAndNoMore) {
  const auto id = open_id("AB-1");
  expect_refused(rig_.bridge->complete({id, "", ""}), "not_weighed");
  ASSERT_TRUE(rig_.weigh(38'440, id));
  expect_refused(rig_.bridge->complete({id, "", ""}), "not_weighed");
  ASSERT_TRUE(rig_.weigh(14'580, id));
  expect_refused(rig_.weigh(14'000, id), "both_weighed");
  EXPECT_EQ(kept(), 3U);
  ASSERT_TRUE(rig_.bridge->complete({id, "", ""}));
  EXPECT_EQ(rig_.bridge->complete({id, "", ""}).error().code, Errc::kNotFound);
  EXPECT_EQ(rig_.weigh(14'000, id).error().code, Errc::kNotFound);
}

TEST_F(WeighbridgeTest, AWeightThatWasChangedInTheMemoryFinishesNoTicket) {
  const auto id = open_id("AB-1");
  ASSERT_TRUE(rig_.weigh(38'440, id) && rig_.weigh(14'580, id));
  rig_.weighings.alter = [](auto& weighing) { weighing.value = "38540"; };
  const auto ticket = rig_.bridge->complete({id, "", ""});
  ASSERT_FALSE(ticket);
  EXPECT_EQ(ticket.error().code, Errc::kCorrupt);
  EXPECT_THAT(ticket.error().detail, HasSubstr("ws1 number 1"));
}

TEST_F(WeighbridgeTest, AVehicleHasOneOpenTicketAtItsSite) {
  const auto id = open_id("AB-123-C");
  expect_refused(rig_.start("ab-123-c"), "vehicle_open");
  EXPECT_THAT(rig_.start("AB-123-C").error().detail, HasSubstr("ticket " + std::to_string(id)));
  EXPECT_TRUE(rig_.start("AB-123-D"));
  ASSERT_TRUE(rig_.bridge->drop(id));
  EXPECT_TRUE(rig_.start("AB-123-C"));
}

TEST_F(WeighbridgeTest, AStartSaysWhatIsWrongWithIt) {
  expect_malformed(rig_.start(""), "vehicle");
  expect_malformed(rig_.start(std::string(141, 'A')), "vehicle");
  expect_malformed(rig_.start("AB\n1"), "vehicle");
  expect_malformed(rig_.start("\xff"), "vehicle");
  expect_malformed(rig_.start("AB-1", "receive"), "direction");
  expect_malformed(rig_.start("AB-1", "Receive", "24,800"), "declared");
  expect_malformed(rig_.start("AB-1", "Receive", "-5"), "declared");
  EXPECT_TRUE(rig_.bridge->open_tickets()->empty());
}

TEST_F(WeighbridgeTest, AnOrderFillsInWhatWasNotSaid) {
  wire::GatewayConfig config;
  config.orders = {{"EWO-1", "silo-b", "", "XX-1", "", "Dispatch", "1"},
                   {"EWO-1", "silo-a", "LOT-7", "AB-1", "Saleh", "Receive", "24800"}};
  rig_.bridge->set_config(config);
  TicketStart order;
  order.order = "EWO-1";
  auto open = rig_.bridge->start(order);
  ASSERT_TRUE(open) << open.error().detail;
  EXPECT_EQ(open->vehicle, "AB-1");
  EXPECT_EQ(open->driver, "Saleh");
  EXPECT_EQ(open->direction, "Receive");
  EXPECT_EQ(open->declared_net_kg, "24800");
  EXPECT_EQ(open->lot, "LOT-7");
  EXPECT_EQ(open->order, "EWO-1");
  order.vehicle = "AB-2";
  order.direction = "Dispatch";
  order.declared_net_kg = "20000";
  open = rig_.bridge->start(order);
  EXPECT_EQ(open->vehicle, "AB-2");
  EXPECT_EQ(open->direction, "Dispatch");
  EXPECT_EQ(open->declared_net_kg, "20000");
  EXPECT_EQ(open->lot, "LOT-7");
  order.order = "EWO-2";
  order.vehicle = "AB-3";
  open = rig_.bridge->start(order);
  ASSERT_TRUE(open) << "an order that was not pulled yet stops no vehicle";
  EXPECT_EQ(open->order, "EWO-2");
  EXPECT_EQ(open->lot, "");
}

TEST_F(WeighbridgeTest, TheSitesToleranceDecides) {
  wire::GatewayConfig config;
  TolerancePolicy policy;
  policy.version = "1771500000000";
  policy.site = "silo-a";
  policy.tolerance_pct = "5";
  config.tolerances = {policy};
  rig_.bridge->set_config(config);
  const auto ticket = rig_.ticket("AB-1", 38'440, 14'580, "Receive", "24800");
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_FALSE(ticket->mismatch);
  EXPECT_EQ(ticket->difference_pct, "3.79");
  EXPECT_EQ(ticket->policy_version, "1771500000000");
}

TEST_F(WeighbridgeTest, AVoidNamesItsTicketAndHappensOnce) {
  const auto ticket = rig_.ticket("AB-1", 38'440, 14'580);
  ASSERT_TRUE(ticket) << ticket.error().detail;
  expect_malformed(rig_.bridge->void_ticket({ticket->number, " ", ""}), "reason");
  EXPECT_EQ(rig_.bridge->void_ticket({"silo-a-S1-3-000002", "x", ""}).error().code, Errc::kNotFound);
  const auto record = rig_.bridge->void_ticket({ticket->number, "wrong lot", "op-7"});
  ASSERT_TRUE(record) << record.error().detail;
  EXPECT_EQ(record->action, "void");
  EXPECT_EQ(record->voids, ticket->stamp.uid);
  EXPECT_EQ(record->reason, "wrong lot");
  EXPECT_EQ(record->operator_id, "op-7");
  EXPECT_EQ(record->number, "");
  EXPECT_EQ(record->stamp.site, "silo-a");
  expect_refused(rig_.bridge->void_ticket({ticket->number, "again", ""}), "already_void");
  EXPECT_EQ(rig_.ticket("AB-1", 38'440, 14'580)->number, "silo-a-S1-3-000002");
}

TEST_F(WeighbridgeTest, ADroppedTicketLeavesItsWeighings) {
  const auto id = open_id("AB-1");
  const auto first = rig_.weigh(38'440, id);
  ASSERT_TRUE(rig_.bridge->drop(id));
  EXPECT_TRUE(rig_.bridge->open_tickets()->empty());
  EXPECT_TRUE(rig_.store->weighing(first->stamp.uid));
  EXPECT_TRUE(rig_.bridge->tickets({}, 10)->empty());
  EXPECT_EQ(rig_.bridge->drop(id).error().code, Errc::kNotFound);
}

TEST_F(WeighbridgeTest, ShowsTheScaleAndItsTrouble) {
  rig_.load(38'440);
  rig_.bridge->trouble("ws1", "\x02?", "bad\nchecksum", rig_.clock.mono_ms());
  auto scale = rig_.bridge->scales().at(0);
  EXPECT_EQ(scale.code, "S1");
  EXPECT_EQ(scale.trouble, "bad checksum");
  EXPECT_EQ(scale.view.refusal, Refusal::kBadFrame);
  rig_.show(ScaleRig::frame(38'440), milliseconds(2'000));
  scale = rig_.bridge->scales().at(0);
  EXPECT_EQ(scale.trouble, "");
  EXPECT_FALSE(scale.view.refusal);
  EXPECT_EQ(scale.view.gross, (Weight{38'440, 0}));
}

TEST_F(WeighbridgeTest, AFrameOfAScaleNobodyConfiguredIsNothing) {
  rig_.show(ScaleRig::frame(38'440), milliseconds(2'000), "ws9");
  rig_.bridge->trouble("ws9", "", "x", rig_.clock.mono_ms());
  expect_refused(capture(), "no_signal");
}

TEST(WeighbridgeScales, AreNamedWhereThereAreSeveral) {
  ScaleRig rig({ScaleRig::setup("ws1", "S1"), ScaleRig::setup("ws2", "S2")});
  rig.load(38'440, "ws2");
  expect_malformed(rig.bridge->capture({}), "scale");
  CaptureOrder order;
  order.scale = "ws9";
  EXPECT_EQ(rig.bridge->capture(order).error().code, Errc::kNotFound);
  TicketStart start;
  start.scale = "ws1";
  start.vehicle = "AB-1";
  const auto open = rig.bridge->start(start);
  order.scale = "ws2";
  order.ticket = open->id;
  expect_refused(rig.bridge->capture(order), "other_scale");
  order.ticket.reset();
  EXPECT_EQ(rig.bridge->capture(order)->scale, "ws2");
}

TEST(WeighbridgeScales, NoneIsSaid) {
  ScaleRig rig(std::vector<ScaleSetup>{});
  EXPECT_EQ(rig.bridge->capture({}).error().detail, "no scale is configured");
  EXPECT_EQ(rig.start("AB-1").error().detail, "no scale is configured");
  EXPECT_TRUE(rig.bridge->scales().empty());
}

}  // namespace
}  // namespace edge
