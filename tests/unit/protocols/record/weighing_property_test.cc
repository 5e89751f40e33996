// What holds for any stream of samples.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "protocols/record/weighing.h"
#include "weighing_scale.h"

namespace edge {
namespace {

/// What the rules promise, computed the slow way from all that was fed.
struct Fed {
  std::int64_t at;
  WeightSample sample;
};
bool may_be_captured(const std::vector<Fed>& fed, const WeighingRules& rules) {
  const Fed& newest = fed.back();
  std::int64_t lowest = newest.sample.value ? newest.sample.value->digits : 0;
  std::int64_t highest = lowest;
  std::int64_t later = newest.at;
  for (auto one = fed.rbegin(); one != fed.rend(); ++one) {
    if (later - one->at > rules.stale_ms) return false;
    if (one->sample.range != WeightRange::kIn || one->sample.stable == Tri::kNo) return false;
    later = one->at;
    lowest = std::min(lowest, one->sample.value->digits);
    highest = std::max(highest, one->sample.value->digits);
    if (highest - lowest > rules.spread_e * rules.e.digits) return false;
    if (newest.at - one->at >= rules.window_ms) return true;
  }
  return false;
}

TEST(WeighingProperty, OnlyAStillWindowIsCaptured) {
  const WeighingRules rules = truck_scale();
  int captured = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    const auto upto = [&](int most) { return static_cast<std::int64_t>(random() % static_cast<unsigned>(most + 1)); };
    WeighingMachine machine(rules);
    machine.feed(at_zero(), 0);
    std::vector<Fed> fed;
    std::int64_t at = 0;
    std::int64_t weight = 30000;
    for (int i = 0; i < 200; ++i) {
      at += upto(9) == 0 ? upto(2000) : upto(150);
      if (upto(19) == 0) weight = 1000 + 20 * upto(2000);
      WeightSample sample = shows(weight + 20 * (upto(3) - 1));
      if (upto(39) == 0) sample.stable = Tri::kNo;
      if (upto(59) == 0) sample = beyond(WeightRange::kOver);
      machine.feed(sample, at);
      fed.push_back({at, sample});
      const bool want = may_be_captured(fed, rules);
      ASSERT_EQ(refusal_at(machine, at) == "", want) << "seed " << seed << ", sample " << i;
      captured += want ? 1 : 0;
    }
  }
  EXPECT_GT(captured, 400) << "the property must not hold for want of captures";
}

TEST(WeighingProperty, NoLoadIsCapturedTwiceWithoutZero) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    WeighingMachine machine(truck_scale());
    bool zero_since = false;
    for (std::int64_t at = 0; at < 120'000; at += 100) {
      static constexpr std::int64_t kWeights[] = {0, 20, 8000, 38440};
      const WeightSample sample = shows(kWeights[(at / 3000 + static_cast<std::int64_t>(random() % 2)) % 4],
                                        random() % 30 == 0 ? Tri::kNo : Tri::kYes);
      machine.feed(sample, at);
      if (machine.view(at).state == ScaleState::kEmpty) zero_since = true;
      if (random() % 10 != 0 || refusal_at(machine, at) != "") continue;
      ASSERT_TRUE(zero_since) << "seed " << seed << " at " << at;
      machine.captured(at);
      zero_since = false;
    }
  }
}

}  // namespace
}  // namespace edge
