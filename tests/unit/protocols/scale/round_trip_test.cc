#include <gtest/gtest.h>

#include "protocols/scale/families.h"
#include "tests/unit/protocols/scale/stream.h"

namespace edge::scale {
namespace {

using namespace test;

void expect_round_trip(const Profile& profile, const Shown& shown) {
  const auto bytes = profile.encode(shown);
  ASSERT_TRUE(bytes) << profile.name << ": " << bytes.error().detail;
  const auto frames = frames_of(profile, *bytes);
  ASSERT_EQ(frames.size(), 1U) << profile.name;
  ASSERT_TRUE(frames[0].sample) << profile.name << ": " << frames[0].sample.error().detail;
  const auto& sample = *frames[0].sample;
  EXPECT_EQ(sample.unit, shown.unit);
  EXPECT_EQ(sample.mode, shown.net ? WeightMode::kNet : WeightMode::kGross);
  if (shown.over) {
    EXPECT_FALSE(sample.value);
    EXPECT_NE(sample.range, WeightRange::kIn);
    return;
  }
  ASSERT_TRUE(sample.value);
  EXPECT_EQ(to_text(*sample.value), to_text(shown.value)) << profile.name;
  EXPECT_EQ(sample.stable, shown.stable ? Tri::kYes : Tri::kNo);
  // What a family does not carry is missing, never something else.
  EXPECT_TRUE(compare(sample.tare.value_or(shown.tare), shown.tare) == std::strong_ordering::equal);
  if (shown.e) {
    EXPECT_EQ(to_text(sample.e.value_or(*shown.e)), to_text(*shown.e));
  }
}

class RoundTrip : public testing::TestWithParam<const Profile*> {};

TEST_P(RoundTrip, ManyWeights) {
  for (const int exponent : {0, -1, -2, -3}) {
    // Up to what the narrowest family holds: a sign, six digits and a point.
    for (std::int64_t digits = -99'999; digits <= 99'999; digits += 1'237) {
      Shown shown{.value = {digits, exponent}, .tare = {0, exponent}};
      shown.stable = digits % 2 == 0;
      expect_round_trip(*GetParam(), shown);
    }
  }
}

TEST_P(RoundTrip, EveryUnitModeAndRange) {
  for (const std::string_view unit : {"kg", "g", "t", "lb"}) {
    for (int flags = 0; flags < 8; ++flags) {
      Shown shown{.value = {2386, 1}, .tare = {1458, 1}, .unit = unit};
      shown.net = (flags & 1) != 0, shown.stable = (flags & 2) != 0, shown.over = (flags & 4) != 0;
      shown.e = Weight{2, 1};
      expect_round_trip(*GetParam(), shown);
    }
  }
}

TEST_P(RoundTrip, Zero) { expect_round_trip(*GetParam(), {.value = {0, 0}, .tare = {}, .zero = true}); }

TEST_P(RoundTrip, WhatDoesNotFitIsSaid) {
  const auto too_wide = GetParam()->encode({.value = {123'456'789'012, 0}, .tare = {}});
  ASSERT_FALSE(too_wide);
  EXPECT_EQ(too_wide.error().code, Errc::kOutOfRange);
  const auto no_unit = GetParam()->encode({.value = {1, 0}, .tare = {}, .unit = "pc"});
  ASSERT_FALSE(no_unit);
  EXPECT_EQ(no_unit.error().code, Errc::kUnsupported);
}

std::vector<const Profile*> all_profiles() {
  std::vector<const Profile*> all;
  for (const auto& profile : profiles()) all.push_back(&profile);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Families, RoundTrip, testing::ValuesIn(all_profiles()), [](const auto& one) {
  std::string name(one.param->name);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

TEST(Encode, MakesTheFramesOfTheDocuments) {
  const Shown gross{.value = {38'440, 0}, .tare = {}, .e = Weight{2, 1}};
  EXPECT_EQ(*kToledo.encode(gross), example(kToledo, "Gross"));
  EXPECT_EQ(*kAnd.encode(gross), example(kAnd, "Gross"));
  EXPECT_EQ(*kDini.encode(gross), example(kDini, "Gross"));
  EXPECT_EQ(*kCas.encode(gross), example(kCas, "Gross"));
  const Shown net{.value = {23'860, 0}, .tare = {14'580, 0}, .net = true, .e = Weight{2, 1}};
  EXPECT_EQ(*kToledo.encode(net), example(kToledo, "Net"));
}

TEST(Encode, ToledoKeepsToItsStep) {
  const auto step = [](Weight e) { return kToledo.encode({.value = {38'440, 0}, .tare = {}, .e = e}); };
  EXPECT_FALSE(step({3, 0})) << "1, 2 or 5";
  EXPECT_FALSE(step({1, 3})) << "not above 100";
  EXPECT_FALSE(step({1, 2})) << "38440 is no multiple of 100";
  EXPECT_TRUE(step({5, 0}));
}

}  // namespace
}  // namespace edge::scale
