#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/observation.h"
#include "protocols/record/policy.h"

namespace edge {

/// What the stateless rules need to know of one reading.
struct QualityFacts {
  std::string_view site;
  std::string_view device;
  std::string_view type;
  std::optional<std::string_view> value;  ///< canonical decimal text, after conversion
  std::string_view unit;                  ///< after conversion; empty = absent
  std::vector<std::string> faults;        ///< what decoding found; each makes it Invalid
  std::string bad_time;                   ///< a time that was sent and not used, as sent; empty = none
};

struct Verdict {
  Flag flag = Flag::kOk;
  std::vector<std::string> reasons;  ///< every reason, worst first
  std::string policy_version;        ///< empty = no policy judged it
};

/// The stateless quality rules (design.md §3), used by the agent and by Frappe alike.
///
/// Invalid: any fault, no value, outside the span (valid_min:<limit>, valid_max:<limit>). Quarantine: outside
/// critical (critical_min / critical_max), unknown_device. Warning: outside warning (warning_min / warning_max),
/// unit_mismatch:<unit>, unit_missing, bad_time:<as sent>. A policy with a unit judges only that unit. Without a
/// policy: OK with reason no_policy. Of one side only the worst band speaks. A band's end is inside it.
Verdict judge(const QualityFacts& facts, const PolicyBook& book);

}  // namespace edge
