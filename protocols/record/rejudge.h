#pragma once
#include <string>
#include <vector>

#include "protocols/record/policy.h"
#include "protocols/record/quality.h"

namespace edge {

/// What the edge said of a reading when it was made.
struct EdgeWord {
  Flag flag = Flag::kOk;
  std::vector<std::string> reasons;  ///< worst first
};

struct Rejudged {
  Verdict server;                    ///< the stateless rules' word by the book of today
  Flag flag = Flag::kOk;             ///< of both, where the edge's bands no longer count
  std::vector<std::string> reasons;  ///< worst first
};

/// "Re-judge with today's policy" (design.md §3): the edge's word on bands and units was that of an older policy and is
/// replaced; what a policy does not decide (spike, flat_line, a fault of the payload, the time) stands. A reason that
/// stands and whose own flag is not known counts as the edge's whole flag: in doubt the worse.
Rejudged rejudge(const QualityFacts& facts, const EdgeWord& edge, const PolicyBook& book);

}  // namespace edge
