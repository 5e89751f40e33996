#include "protocols/scale/describe.h"

#include "protocols/bytes.h"

namespace edge::scale {
namespace {

std::string weight_words(const WeightSample& sample) {
  switch (sample.range) {
    case WeightRange::kOver:
      return "overload";
    case WeightRange::kUnder:
      return "underload";
    case WeightRange::kOut:
      return "out of range";
    case WeightRange::kError:
      return "the indicator says: " + one_line(sample.fault, 80);
    case WeightRange::kIn:
      break;
  }
  if (!sample.value) return "no weight";
  return to_text(*sample.value) + (sample.unit.empty() ? "" : " " + sample.unit);
}

}  // namespace

std::string describe(const WeightSample& sample) {
  std::string words = weight_words(sample);
  if (sample.mode != WeightMode::kUnknown) words += sample.mode == WeightMode::kNet ? ", net" : ", gross";
  if (sample.stable != Tri::kUnknown) words += sample.stable == Tri::kYes ? ", stable" : ", in motion";
  if (sample.zero == Tri::kYes) words += ", at zero";
  if (sample.tare && sample.tare->digits != 0) words += ", tare " + to_text(*sample.tare);
  if (sample.preset_tare == Tri::kYes) words += " (preset)";
  return words;
}

}  // namespace edge::scale
