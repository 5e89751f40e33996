#include "mock_devices/mock_scale/platform.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mock_devices/mock_scale/indicator.h"

namespace edge::mock {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTravel{1000};
const Ticks kStart{std::chrono::hours(1)};

TEST(Platform, ATruckDrivesOnAxleByAxleSwingsAndStands) {
  Platform platform(kTravel);
  platform.move_to(1922, kStart);
  std::int64_t highest = 0, before = 0, rests = 0;
  for (milliseconds at{1}; at < kTravel; at += milliseconds(10)) {
    const auto load = platform.at(kStart + at);
    EXPECT_TRUE(load.motion) << at.count();
    highest = std::max(highest, load.steps);
    rests += load.steps == before && load.steps < 1900 ? 1 : 0;
    before = load.steps;
  }
  EXPECT_GT(highest, 1922) << "the deck swings beyond the weight";
  EXPECT_GT(rests, 5) << "between two axles the weight stands";
  EXPECT_EQ(platform.at(kStart + kTravel).steps, 1922);
  EXPECT_FALSE(platform.at(kStart + kTravel).motion);
}

TEST(Platform, LeavesFromWhereItIs) {
  Platform platform(kTravel);
  platform.put(100);
  platform.move_to(0, kStart);
  EXPECT_EQ(platform.at(kStart).steps, 100);
  EXPECT_EQ(platform.at(kStart + 2 * kTravel).steps, 0);
}

TEST(Platform, StepsAreExact) {
  EXPECT_EQ(steps_of({38440, 0}, {20, 0}), 1922);
  EXPECT_EQ(steps_of({38450, 0}, {20, 0}), std::nullopt);
  EXPECT_EQ(steps_of({3844, -1}, {1, -1}), 3844);
  EXPECT_EQ(steps_of({384, 0}, {1, -1}), 3840);
  EXPECT_EQ(steps_of({3, 1}, {5, 0}), 6);
  EXPECT_EQ(steps_of({1, -1}, {1, 0}), std::nullopt);
  EXPECT_EQ(steps_of({-40, 0}, {20, 0}), -2);
  EXPECT_EQ(steps_of({1, 0}, {0, 0}), std::nullopt);
}

TEST(Indicator, ShowsTheWeightInTheResolutionOfItsStep) {
  Platform platform(kTravel);
  Indicator indicator(platform, {5, -1}, std::nullopt, "kg");
  platform.put(3);
  EXPECT_EQ(to_text(indicator.at(kStart).gross), "1.5");
  platform.put(4);
  EXPECT_EQ(to_text(indicator.at(kStart).gross), "2.0");
}

TEST(Indicator, IsBlankAboveMaxAndNineSteps) {
  Platform platform(kTravel);
  Indicator indicator(platform, {20, 0}, Weight{60000, 0}, "kg");
  platform.put((60000 + 180) / 20);
  EXPECT_FALSE(indicator.at(kStart).over);
  platform.put((60000 + 200) / 20);
  EXPECT_TRUE(indicator.at(kStart).over);
}

TEST(Indicator, SaysWhatItsKeysAndFaultsMakeOfIt) {
  Platform platform(kTravel);
  Indicator indicator(platform, {20, 0}, std::nullopt, "kg");
  EXPECT_TRUE(indicator.at(kStart).zero);
  platform.put(1922);
  indicator.set_tare(Weight{14580, 0});
  EXPECT_EQ(to_text(indicator.at(kStart).shown()), "23860");
  EXPECT_TRUE(indicator.at(kStart).net);
  indicator.set_tare(std::nullopt);
  indicator.set_negative(true);
  EXPECT_EQ(to_text(indicator.at(kStart).gross), "-38440");
  indicator.set_negative(false);
  indicator.set_motion(true);
  EXPECT_FALSE(indicator.at(kStart).stable);
  EXPECT_NE(indicator.at(kStart).gross, indicator.at(kStart + milliseconds(100)).gross) << "motion shows";
  indicator.set_motion(false);
  indicator.set_frozen(true, kStart);
  platform.put(0);
  EXPECT_EQ(to_text(indicator.at(kStart).gross), "38440");
  indicator.set_frozen(false, kStart);
  EXPECT_EQ(to_text(indicator.at(kStart).gross), "0");
}

}  // namespace
}  // namespace edge::mock
