#pragma once
#include <string>

#include "protocols/record/weight.h"

namespace edge::scale {

/// A sample in a few words for `edge-agent tap` and logs: "38440 kg, gross, stable", "overload, gross".
std::string describe(const WeightSample& sample);

}  // namespace edge::scale
