#include "protocols/record/quality.h"

#include "protocols/record/decimal.h"
#include "protocols/record/reason.h"
#include "protocols/record/units.h"

namespace edge {
namespace {

struct Finding {
  Flag flag = Flag::kOk;
  std::string reason;
};
using Findings = std::vector<Finding>;

bool is_above(std::string_view value, const std::optional<std::string>& max) {
  return max && compare_decimals(value, *max) > 0;
}
bool is_below(std::string_view value, const std::optional<std::string>& min) {
  return min && compare_decimals(value, *min) < 0;
}

/// Of each side only the worst band speaks: above 85 is beyond the span, that it is above 35 says nothing more.
void judge_bands(std::string_view value, const Policy& policy, Findings& found) {
  if (is_above(value, policy.valid.max)) {
    found.push_back({Flag::kInvalid, make_reason("valid_max", *policy.valid.max)});
  } else if (is_above(value, policy.critical.max)) {
    found.push_back({Flag::kQuarantine, make_reason("critical_max", *policy.critical.max)});
  } else if (is_above(value, policy.warning.max)) {
    found.push_back({Flag::kWarning, make_reason("warning_max", *policy.warning.max)});
  }
  if (is_below(value, policy.valid.min)) {
    found.push_back({Flag::kInvalid, make_reason("valid_min", *policy.valid.min)});
  } else if (is_below(value, policy.critical.min)) {
    found.push_back({Flag::kQuarantine, make_reason("critical_min", *policy.critical.min)});
  } else if (is_below(value, policy.warning.min)) {
    found.push_back({Flag::kWarning, make_reason("warning_min", *policy.warning.min)});
  }
}

void judge_by_policy(const QualityFacts& facts, const Policy& policy, Findings& found) {
  if (policy.unit.empty() || is_same_unit(policy.unit, facts.unit)) {
    judge_bands(*facts.value, policy, found);
  } else if (facts.unit.empty()) {
    found.push_back({Flag::kWarning, make_reason("unit_missing")});
  } else {
    found.push_back({Flag::kWarning, make_reason("unit_mismatch", facts.unit)});
  }
}

/// True where there is a number to judge; otherwise says why there is none.
bool has_number(const QualityFacts& facts, Findings& found) {
  if (!facts.value) {
    if (facts.faults.empty()) found.push_back({Flag::kInvalid, make_reason("no_value")});
    return false;
  }
  if (!is_decimal(*facts.value)) {
    found.push_back({Flag::kInvalid, make_reason("not_a_number", *facts.value)});
    return false;
  }
  if (!is_storable(*facts.value)) {
    found.push_back({Flag::kInvalid, make_reason("not_storable")});
    return false;
  }
  return true;
}

Verdict verdict_of(Findings found) {
  Verdict verdict;
  for (const Flag level : {Flag::kInvalid, Flag::kQuarantine, Flag::kWarning, Flag::kOk}) {
    for (Finding& finding : found) {
      if (finding.flag != level) continue;
      verdict.flag = worse(verdict.flag, level);
      verdict.reasons.push_back(std::move(finding.reason));
    }
  }
  return verdict;
}

}  // namespace

Verdict judge(const QualityFacts& facts, const PolicyBook& book) {
  Findings found;
  for (const std::string& fault : facts.faults) {
    found.push_back({Flag::kInvalid, is_reason(fault) ? fault : make_reason(reason_code(fault))});
  }
  const bool has_value = has_number(facts, found);
  const Policy* const policy = book.find(facts.site, facts.type);
  if (policy != nullptr && has_value) judge_by_policy(facts, *policy, found);
  if (book.is_unknown(facts.site, facts.device)) found.push_back({Flag::kQuarantine, make_reason("unknown_device")});
  if (!facts.bad_time.empty()) found.push_back({Flag::kWarning, make_reason("bad_time", facts.bad_time)});
  if (policy == nullptr) found.push_back({Flag::kOk, make_reason("no_policy")});
  Verdict verdict = verdict_of(std::move(found));
  if (policy != nullptr) verdict.policy_version = policy->version;
  return verdict;
}

}  // namespace edge
