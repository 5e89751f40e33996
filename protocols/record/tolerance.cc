#include "protocols/record/tolerance.h"

namespace edge {
namespace {

bool holds(const TolerancePolicy& policy, std::int64_t at) {
  return (!policy.from || *policy.from <= at) && (!policy.to || at < *policy.to);
}

/// A policy open at its beginning begins before every other.
bool begins_later(const TolerancePolicy& a, const TolerancePolicy& b) {
  return a.from && (!b.from || *a.from > *b.from);
}

}  // namespace

const TolerancePolicy* ToleranceBook::find(std::string_view site, std::int64_t at) const {
  const TolerancePolicy* found = nullptr;
  for (const TolerancePolicy& policy : policies_) {
    if (policy.site != site || !holds(policy, at)) continue;
    if (found == nullptr || begins_later(policy, *found)) found = &policy;
  }
  return found;
}

}  // namespace edge
