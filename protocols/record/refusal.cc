#include <array>
#include <cstddef>

#include "protocols/record/weighing.h"

namespace edge {
namespace {

struct Words {
  std::string_view code, sentence;
};
// In the order of the enumeration.
constexpr std::array<Words, 14> kWords = {{
    {"no_signal", "Nothing has come from the indicator yet."},
    {"stale", "The line to the indicator is silent."},
    {"bad_frame", "The newest frame from the indicator was damaged."},
    {"indicator_error", "The indicator reports a fault."},
    {"out_of_range", "The indicator shows no weight or one out of its range."},
    {"no_unit", "The unit of the weight is not known or not the one set up for this scale."},
    {"net_without_tare", "The indicator shows a net weight and does not send its tare; switch it to gross."},
    {"preset_tare", "The indicator uses a tare that was keyed in; clear it."},
    {"in_motion", "The load is moving."},
    {"not_settled", "The weight has not been still for long enough."},
    {"already_captured", "This load has been captured."},
    {"no_zero_return", "The scale has not been empty since the last capture or the start."},
    {"below_min", "The load is below the smallest one this scale may weigh."},
    {"over_capacity", "The load is above the capacity of the scale."},
}};
static_assert(kWords.size() == static_cast<std::size_t>(Refusal::kOverCapacity) + 1);

const Words& words(Refusal refusal) {
  const auto index = static_cast<std::size_t>(refusal);
  return index < kWords.size() ? kWords[index] : kWords[0];
}

}  // namespace

std::string_view to_text(Refusal refusal) { return words(refusal).code; }

std::string_view sentence(Refusal refusal) { return words(refusal).sentence; }

bool may_override(Refusal refusal) {
  return refusal == Refusal::kNoZeroReturn || refusal == Refusal::kBelowMin || refusal == Refusal::kOverCapacity;
}

}  // namespace edge
