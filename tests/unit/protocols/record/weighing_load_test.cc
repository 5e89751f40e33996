// Loads one after the other: captures, zero, silence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/record/weighing.h"
#include "weighing_scale.h"

namespace edge {
namespace {

TEST(Weighing, GoesAroundOnceForEachTruck) {
  Scale scale;
  for (int truck = 0; truck < 3; ++truck) {
    EXPECT_EQ(scale.holds(at_zero(), 100).state(), "empty");
    EXPECT_EQ(scale.holds(shows(9000, Tri::kNo), 500).state(), "loading");
    EXPECT_EQ(scale.holds(shows(38440), 1100).state(), "settled");
    EXPECT_EQ(scale.refusal(), "");
    EXPECT_EQ(scale.capture().state(), "captured");
    EXPECT_EQ(scale.refusal(true), "already_captured") << "no override helps";
    EXPECT_EQ(scale.holds(shows(38460), 3000).state(), "captured") << "within the spread it is the same load";
    EXPECT_EQ(scale.holds(shows(20000, Tri::kNo), 500).state(), "leaving");
  }
}

TEST(Weighing, SecondTruckWithoutZeroIsRefused) {
  Scale scale;
  scale.holds(at_zero(), 100).holds(shows(38440), 2000).capture();
  scale.holds(shows(12000, Tri::kNo), 500).holds(shows(41000), 5000);
  EXPECT_EQ(scale.state(), "leaving");
  EXPECT_EQ(scale.refusal(), "no_zero_return");
  EXPECT_EQ(scale.refusal(true), "");
  EXPECT_THAT(scale.capturable(true).overridden, testing::ElementsAre(Refusal::kNoZeroReturn));
  EXPECT_EQ(scale.capture().state(), "captured");
}

TEST(Weighing, SecondAxlesOnTheScaleAreAnotherLoad) {
  Scale scale;
  scale.holds(at_zero(), 100).holds(shows(12000), 2000).capture().holds(shows(12000), 1000);
  EXPECT_EQ(scale.refusal(), "already_captured");
  scale.holds(shows(30000), 3000);
  EXPECT_EQ(scale.refusal(), "no_zero_return");
}

TEST(Weighing, StartWithALoadNeedsZeroFirst) {
  Scale scale;
  scale.holds(shows(38440), 5000);
  EXPECT_EQ(scale.state(), "settled");
  EXPECT_EQ(scale.refusal(), "no_zero_return");
  EXPECT_FALSE(scale.capturable(true).zero_seen_ago_ms);
  scale.holds(at_zero(), 100).holds(shows(38440), 2000);
  EXPECT_EQ(scale.refusal(), "");
  EXPECT_EQ(scale.capturable().zero_seen_ago_ms, 2000);
}

TEST(Weighing, LoadThatLeftWhileTheDiskWasSlowIsGone) {
  Scale scale;
  scale.holds(at_zero(), 100).holds(shows(38440), 2000);
  const std::int64_t decided_at = scale.now();
  scale.holds(at_zero(), 500).holds(shows(21000), 2000);
  scale.machine().captured(decided_at);
  EXPECT_EQ(scale.refusal(), "") << "this is the next truck";
}

TEST(Weighing, OneOverrideDoesNotCoverMotion) {
  Scale scale;
  scale.holds(shows(100, Tri::kNo), 2000);
  EXPECT_EQ(scale.refusal(true), "in_motion");
  scale.holds(shows(100), 500);
  EXPECT_EQ(scale.refusal(true), "not_settled");
}

struct ZeroCase {
  const char* name;
  std::int64_t digits;
  Tri stable, zero;
  std::int64_t ms;
  bool empty;
};
const ZeroCase kZeros[] = {
    {"FlagAtOnce", 0, Tri::kYes, Tri::kYes, 100, true},
    {"FlagWithoutStability", 0, Tri::kUnknown, Tri::kYes, 100, true},
    {"FlagInMotion", 0, Tri::kNo, Tri::kYes, 5000, false},
    {"FlagAtOneStep", 20, Tri::kYes, Tri::kYes, 100, true},
    {"FlagBesideALoad", 40, Tri::kYes, Tri::kYes, 5000, false},
    {"NoFlagTooShort", 0, Tri::kYes, Tri::kUnknown, 2000, false},
    {"NoFlagLongEnough", 0, Tri::kYes, Tri::kUnknown, 2100, true},
    {"NoFlagAtOneStep", -20, Tri::kYes, Tri::kUnknown, 2100, true},
    {"NoFlagAtTwoSteps", 40, Tri::kYes, Tri::kUnknown, 5000, false},
    {"NoFlagInMotion", 0, Tri::kNo, Tri::kUnknown, 5000, false},
    {"NoFlagsAtAll", 0, Tri::kUnknown, Tri::kUnknown, 2100, true},
    {"DeniedAtZeroTooShort", 0, Tri::kYes, Tri::kNo, 2000, false},
    {"DeniedAtZero", 0, Tri::kYes, Tri::kNo, 2100, true},
    {"DeniedAtOneStep", 20, Tri::kYes, Tri::kNo, 10000, false},
};
class WeighingZero : public testing::TestWithParam<ZeroCase> {};
TEST_P(WeighingZero, IsFoundByFlagOrTime) {
  Scale scale;
  scale.holds(shows(38440), 2000).holds(shows(GetParam().digits, GetParam().stable, GetParam().zero), GetParam().ms);
  EXPECT_EQ(scale.state() == "empty", GetParam().empty) << scale.state();
  scale.holds(shows(38440), 2000);
  EXPECT_EQ(scale.refusal(), GetParam().empty ? "" : "no_zero_return");
}
INSTANTIATE_TEST_SUITE_P(Zeros, WeighingZero, testing::ValuesIn(kZeros),
                         [](const auto& row) { return row.param.name; });

TEST(Weighing, ZeroIsNotGatheredOverAnInterruption) {
  for (const bool damage : {false, true}) {
    Scale scale;
    scale.holds(shows(0), 1500);
    if (damage) {
      scale.machine().damaged(scale.now() + 50);
    } else {
      scale.holds(shows(0, Tri::kNo), 100);
    }
    EXPECT_NE(scale.holds(shows(0), 1500).state(), "empty");
    EXPECT_EQ(scale.holds(shows(0), 1000).state(), "empty");
  }
}

TEST(Weighing, WindOnAnEmptyScaleLeavesItEmpty) {
  Scale scale;
  scale.holds(at_zero(), 100);
  EXPECT_EQ(scale.holds(shows(20, Tri::kNo, Tri::kNo), 300).state(), "empty");
  EXPECT_EQ(scale.holds(shows(40, Tri::kNo, Tri::kNo), 100).state(), "loading");
  EXPECT_EQ(scale.holds(shows(20, Tri::kYes, Tri::kNo), 100).state(), "loading") << "not empty again before it is sure";
}

TEST(Weighing, SilenceLeavesNothingOfTheLastValue) {
  Scale scale;
  scale.holds(at_zero(), 100).holds(shows(38440), 2000);
  const auto fresh = scale.machine().view(scale.now() + 1500);
  EXPECT_TRUE(fresh.sample);
  EXPECT_EQ(fresh.gross, (Weight{38440, 0}));
  EXPECT_EQ(fresh.silent_ms, 1500);
  EXPECT_FALSE(fresh.refusal);
  const auto stale = scale.machine().view(scale.now() + 1501);
  EXPECT_EQ(to_text(stale.state), "unknown");
  EXPECT_FALSE(stale.sample || stale.gross);
  EXPECT_EQ(stale.refusal, Refusal::kStale);
  EXPECT_EQ(stale.silent_ms, 1501);
  EXPECT_EQ(refusal_at(scale.machine(), scale.now() + 1501, true), "stale");
}

TEST(Weighing, BeforeTheFirstFrameThereIsNoSignal) {
  WeighingMachine machine(truck_scale());
  const auto view = machine.view(5000);
  EXPECT_EQ(view.refusal, Refusal::kNoSignal);
  EXPECT_EQ(to_text(view.state), "unknown");
  EXPECT_FALSE(view.silent_ms);
  machine.damaged(5000);
  EXPECT_EQ(refusal_at(machine, 5000, true), "bad_frame");
  EXPECT_FALSE(machine.view(5000).sample);
  EXPECT_EQ(refusal_at(machine, 6501), "stale");
}

TEST(Weighing, SilentLineAfterACaptureNeedsZeroAgain) {
  Scale scale;
  scale.holds(at_zero(), 100).holds(shows(38440), 2000).capture();
  scale.machine().damaged(scale.now());
  EXPECT_EQ(scale.refusal(true), "bad_frame");
  scale.holds(shows(38440), 2000);
  EXPECT_EQ(scale.refusal(), "already_captured");
  scale.holds(shows(25000), 2000);
  EXPECT_EQ(scale.refusal(), "no_zero_return");
}

TEST(Weighing, CapturableSaysHowItWasFound) {
  Scale scale;
  scale.holds(at_zero(), 100).holds(shows(38440), 500).holds(shows(38480), 900);
  const Capturable weight = scale.capturable();
  EXPECT_EQ(weight.gross, (Weight{38480, 0}));
  EXPECT_EQ(weight.unit, "kg");
  EXPECT_EQ(weight.e, (Weight{20, 0}));
  EXPECT_EQ(weight.stability, Tri::kYes);
  EXPECT_EQ(weight.stable_ms, 1300);
  EXPECT_EQ(weight.spread, (Weight{40, 0}));
  EXPECT_EQ(weight.zero_seen_ago_ms, 1400);
  EXPECT_TRUE(weight.overridden.empty());
}

TEST(Weighing, StabilityIsInferredWhereAnySampleHasNoFlag) {
  Scale scale;
  scale.holds(at_zero(), 100).holds(shows(38440, Tri::kUnknown), 100).holds(shows(38440), 1500);
  EXPECT_EQ(scale.capturable().stability, Tri::kUnknown);
  scale.holds(shows(38440, Tri::kNo), 100).holds(shows(38440), 1500);
  EXPECT_EQ(scale.capturable().stability, Tri::kYes);
}

TEST(Weighing, NetIsCapturedAsGross) {
  Scale scale;
  scale.holds(at_zero(), 100).holds(net(23860, Weight{145800, -1}), 1500);
  const Capturable weight = scale.capturable();
  EXPECT_EQ(to_text(weight.gross), "38440.0");
  EXPECT_EQ(weight.sample.value, (Weight{23860, 0}));
}

TEST(Weighing, UnitOfTheFrameWhereNoneIsSetUp) {
  WeighingRules rules = truck_scale();
  rules.unit = "";
  Scale scale(rules);
  scale.holds(at_zero(), 100).holds(shows(38440), 1500);
  EXPECT_EQ(scale.capturable().unit, "kg");
  scale.holds(with(shows(38440), [](auto& s) { s.unit = ""; }), 1500);
  EXPECT_EQ(scale.refusal(), "no_unit");
}

TEST(Weighing, AnOverrideNamesEverythingItTakesOn) {
  WeighingRules rules = truck_scale();
  rules.max = Weight{60'000, 0};
  Scale scale(rules);
  scale.holds(shows(61'000), 1500);
  EXPECT_EQ(scale.refusal(), "no_zero_return");
  EXPECT_THAT(scale.capturable(true).overridden, testing::ElementsAre(Refusal::kNoZeroReturn, Refusal::kOverCapacity));
}

TEST(Weighing, CapacityAndMinAreWhatTheyAreSaidToBe) {
  WeighingRules rules = truck_scale();
  rules.max.reset();
  rules.min = Weight{1000, 0};
  Scale scale(rules);
  scale.holds(at_zero(), 100).holds(shows(980), 1500);
  EXPECT_EQ(scale.refusal(), "below_min");
  EXPECT_THAT(scale.capturable(true).overridden, testing::ElementsAre(Refusal::kBelowMin));
  scale.holds(shows(900'000), 1500);
  EXPECT_EQ(scale.refusal(), "") << "no capacity is known";
}

TEST(Weighing, StreamOfEverFinerStepsIsForgotten) {
  WeighingMachine machine(truck_scale());
  machine.feed(at_zero(), 0);
  for (std::int64_t i = 0; i < 100'000; ++i) {
    WeightSample sample = shows(0);
    sample.value = Weight{38'440'000'000'000 + i, -9};
    machine.feed(sample, 1 + i / 1000);
  }
  EXPECT_EQ(refusal_at(machine, 100), "not_settled");
}

}  // namespace
}  // namespace edge
