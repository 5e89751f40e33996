#include "agent/core/outcomes.h"

#include <algorithm>

namespace edge {
namespace {

constexpr std::chrono::milliseconds kLongestRow{300'000};

}  // namespace

OutcomeRules::OutcomeRules(const Clock& clock, std::chrono::milliseconds first, std::uint64_t seed)
    : clock_(clock), first_(first), backoff_(first, kLongestRow, seed) {}

std::int64_t OutcomeRules::next_try(const PendingRow& row) {
  return clock_.utc_ms() + std::max(first_, backoff_.roll(row.put_off)).count();
}

Outcome OutcomeRules::of(const wire::RecordResult& result, const PendingRow& row) {
  Outcome outcome;
  outcome.id = row.id;
  outcome.field = result.field;
  outcome.message = result.message;
  if (is_taken(result)) {
    outcome.duplicate = result.status == wire::RecordStatus::kDuplicate;
  } else if (is_retry(result)) {
    outcome.kind = Outcome::Kind::kLater;
    outcome.code = result.code;
    outcome.not_before = next_try(row);
  } else {
    outcome.kind = Outcome::Kind::kDead;
    outcome.status = wire::to_text(result.status);
    outcome.code = code_of(result);
  }
  return outcome;
}

Outcome OutcomeRules::later(const PendingRow& row, const ReplyVerdict& verdict) {
  Outcome outcome;
  outcome.id = row.id;
  outcome.kind = Outcome::Kind::kLater;
  outcome.code = verdict.code;
  outcome.message = verdict.reason;
  outcome.not_before = next_try(row);
  return outcome;
}

}  // namespace edge
