#include "protocols/record/weighing.h"

#include <gtest/gtest.h>

#include <vector>

#include "weighing_scale.h"

namespace edge {
namespace {

/// One step of a story: what the indicator says at a time, then what the machine makes of it at that time.
struct Step {
  std::int64_t at;
  WeightSample sample;
  const char* state;
  const char* refusal;  ///< empty: it would be captured
};
using Story = std::vector<Step>;

struct StoryCase {
  const char* name;
  Story story;
};

// Every story begins with an empty scale at 0 ms, zero seen.
const StoryCase kStories[] = {
    {"OneLoad",
     {{100, shows(5000, Tri::kNo), "loading", "in_motion"},
      {600, shows(38440), "loading", "not_settled"},
      {1100, shows(38440), "loading", "not_settled"},
      {1599, shows(38440), "loading", "not_settled"},
      {1600, shows(38440), "settled", ""}}},
    {"SpreadOfThreeStepsIsStill",
     {{100, shows(38400), "loading", "not_settled"},
      {600, shows(38460), "loading", "not_settled"},
      {1100, shows(38420), "settled", ""}}},
    {"SpreadOfFourStepsIsNot",
     {{100, shows(38400), "loading", "not_settled"},
      {600, shows(38480), "loading", "not_settled"},
      {1100, shows(38480), "loading", "not_settled"},
      {1600, shows(38480), "settled", ""}}},
    {"FlagLiesWhileTheWeightCreeps",
     {{100, shows(38400), "loading", "not_settled"},
      {500, shows(38440), "loading", "not_settled"},
      {900, shows(38480), "loading", "not_settled"},
      {1300, shows(38520), "loading", "not_settled"},
      {1700, shows(38560), "loading", "not_settled"},
      {2100, shows(38600), "loading", "not_settled"}}},
    {"MotionThrowsTheWindowAway",
     {{100, shows(38440), "loading", "not_settled"},
      {1000, shows(38440, Tri::kNo), "loading", "in_motion"},
      {1100, shows(38440), "loading", "not_settled"},
      {2050, shows(38440), "loading", "not_settled"},
      {2100, shows(38440), "settled", ""}}},
    {"MotionAfterSettling",
     {{100, shows(38440), "loading", "not_settled"},
      {1100, shows(38440), "settled", ""},
      {1150, shows(38440, Tri::kNo), "loading", "in_motion"}}},
    {"WithoutFlagTheSpreadDecides",
     {{100, shows(38440, Tri::kUnknown), "loading", "not_settled"},
      {1100, shows(38420, Tri::kUnknown), "settled", ""}}},
    {"AGapInTheStream",
     {{100, shows(38440), "loading", "not_settled"},
      {1601, shows(38440), "loading", "not_settled"},
      {2601, shows(38440), "settled", ""}}},
    {"SamplesAsFarApartAsAllowed",
     {{100, shows(38440), "loading", "not_settled"}, {1600, shows(38440), "settled", ""}}},
    {"SignChange",
     {{100, shows(20), "empty", "not_settled"},
      {600, shows(-20), "empty", "not_settled"},
      {1100, shows(-20), "empty", "not_settled"},
      {1600, shows(-20), "empty", "below_min"}}},
    {"ModeChange",
     {{100, shows(38440), "loading", "not_settled"},
      {1000, net(38440, Weight{0, 0}), "loading", "not_settled"},
      {1100, net(38440, Weight{0, 0}), "loading", "not_settled"},
      {2000, net(38440, Weight{0, 0}), "settled", ""}}},
    {"UnitChange",
     {{100, shows(38440), "loading", "not_settled"},
      {1000, with(shows(38440), [](auto& s) { s.unit = "lb"; }), "unknown", "no_unit"},
      {1100, shows(38440), "loading", "not_settled"},
      {2100, shows(38440), "settled", ""}}},
    {"UnitInAnotherSpelling",
     {{100, with(shows(38440), [](auto& s) { s.unit = "KG"; }), "loading", "not_settled"},
      {1100, with(shows(38440), [](auto& s) { s.unit = ""; }), "settled", ""}}},
    {"OverRangeBetween",
     {{100, shows(38440), "loading", "not_settled"},
      {1000, beyond(WeightRange::kOver), "unknown", "out_of_range"},
      {1100, shows(38440), "loading", "not_settled"},
      {2099, shows(38440), "loading", "not_settled"},
      {2100, shows(38440), "settled", ""}}},
    {"UnderRange", {{100, beyond(WeightRange::kUnder), "unknown", "out_of_range"}}},
    {"NoDigits", {{100, beyond(WeightRange::kIn), "unknown", "out_of_range"}}},
    {"ValueBesideOverRangeIsNotUsed",
     {{100, with(shows(38440), [](auto& s) { s.range = WeightRange::kOver; }), "unknown", "out_of_range"}}},
    {"IndicatorFault", {{100, beyond(WeightRange::kError), "unknown", "indicator_error"}}},
    {"BadChecksum",
     {{100, shows(38440), "loading", "not_settled"},
      {1100, with(shows(38440), [](auto& s) { s.checksum = ChecksumState::kBad; }), "unknown", "bad_frame"},
      {1200, shows(38440), "loading", "not_settled"},
      {2200, shows(38440), "settled", ""}}},
    {"NoUnitOfMass", {{100, with(shows(38440), [](auto& s) { s.unit = "pcs"; }), "unknown", "no_unit"}}},
    {"MoreDigitsThanAWeightHas", {{100, shows(INT64_MIN), "unknown", "out_of_range"}}},
    {"NetWithItsTare",
     {{100, net(23860, Weight{14580, 0}), "loading", "not_settled"},
      {1100, net(23860, Weight{14580, 0}), "settled", ""}}},
    {"NetWithoutTare",
     {{100, net(23860, std::nullopt), "unknown", "net_without_tare"},
      {1100, net(23860, std::nullopt), "unknown", "net_without_tare"}}},
    {"NetWithPresetTare",
     {{100, net(23860, Weight{14580, 0}), "loading", "not_settled"},
      {1100, with(net(23860, Weight{14580, 0}), [](auto& s) { s.preset_tare = Tri::kYes; }), "settled",
       "preset_tare"}}},
    {"PresetTareThatIsNotUsed",
     {{100, shows(38440), "loading", "not_settled"},
      {1100, with(shows(38440), [](auto& s) { s.preset_tare = Tri::kYes; }), "settled", ""}}},
    {"NetZeroOfATaredTruckIsNotEmpty",
     {{100, with(net(0, Weight{14580, 0}), [](auto& s) { s.zero = Tri::kYes; }), "loading", "not_settled"}}},
    {"BelowMin", {{100, shows(380), "loading", "not_settled"}, {1100, shows(380), "settled", "below_min"}}},
    {"ExactlyMin", {{100, shows(400), "loading", "not_settled"}, {1100, shows(400), "settled", ""}}},
    {"ExactlyMax", {{100, shows(60000), "loading", "not_settled"}, {1100, shows(60000), "settled", ""}}},
    {"OverCapacity", {{100, shows(60020), "loading", "not_settled"}, {1100, shows(60020), "settled", "over_capacity"}}},
    {"AxleByAxle",  // still for 0.9 s with the first axles on: not long enough
     {{100, shows(7000, Tri::kNo), "loading", "in_motion"},
      {500, shows(12000), "loading", "not_settled"},
      {1400, shows(12000), "loading", "not_settled"},
      {1500, shows(20000, Tri::kNo), "loading", "in_motion"},
      {2000, shows(38440), "loading", "not_settled"},
      {3000, shows(38440), "settled", ""}}},
    {"SeveralSamplesInOneMillisecond",
     {{100, shows(38440), "loading", "not_settled"},
      {100, at_zero(), "empty", "not_settled"},
      {100, shows(38440), "loading", "not_settled"},
      {1100, shows(38440), "settled", ""}}},
    {"TimeGoesBack",
     {{1000, shows(38440), "loading", "not_settled"},
      {500, shows(38440), "loading", "not_settled"},
      {1499, shows(38440), "loading", "not_settled"},
      {1500, shows(38440), "settled", ""}}},
};
class WeighingStory : public testing::TestWithParam<StoryCase> {};
TEST_P(WeighingStory, HasItsStatesAndRefusals) {
  WeighingMachine machine(truck_scale());
  machine.feed(at_zero(), 0);
  ASSERT_EQ(state_at(machine, 0), "empty");
  for (const Step& step : GetParam().story) {
    machine.feed(step.sample, step.at);
    EXPECT_EQ(state_at(machine, step.at), step.state) << "at " << step.at;
    EXPECT_EQ(refusal_at(machine, step.at), step.refusal) << "at " << step.at;
    const auto view = machine.view(step.at);
    EXPECT_EQ(view.refusal ? to_text(*view.refusal) : "", step.refusal) << "the view says the same, at " << step.at;
  }
}
INSTANTIATE_TEST_SUITE_P(Stories, WeighingStory, testing::ValuesIn(kStories),
                         [](const auto& row) { return row.param.name; });

TEST(Refusal, HasCodeSentenceAndLaw) {
  const std::vector<std::string> codes = {
      "no_signal",   "stale",     "bad_frame",   "indicator_error",  "out_of_range",   "no_unit",   "net_without_tare",
      "preset_tare", "in_motion", "not_settled", "already_captured", "no_zero_return", "below_min", "over_capacity"};
  std::vector<std::string> overridable;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto refusal = static_cast<Refusal>(i);
    EXPECT_EQ(to_text(refusal), codes[i]);
    EXPECT_TRUE(sentence(refusal).size() > 10 && sentence(refusal).ends_with('.')) << codes[i];
    if (may_override(refusal)) overridable.push_back(codes[i]);
  }
  EXPECT_EQ(overridable, (std::vector<std::string>{"no_zero_return", "below_min", "over_capacity"}));
}

}  // namespace
}  // namespace edge
