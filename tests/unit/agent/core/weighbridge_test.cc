#include "agent/core/weighbridge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "agent/core/alibi.h"
#include "tests/unit/agent/core/weighbridge_rig.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using test::ScaleRig;
using testing::ElementsAre;

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
  // The server's columns end at twelve digits: one record it must refuse would be a hole in the chain for ever.
  expect_malformed(key_in("1000000000000", "g", "x"), "value");
  expect_malformed(key_in("1000000000", "t", "x"), "value");
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
