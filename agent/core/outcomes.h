#pragma once
#include <chrono>
#include <cstdint>

#include "agent/core/backoff.h"
#include "agent/core/reply_verdict.h"
#include "agent/ports/clock.h"
#include "agent/ports/store.h"

namespace edge {

/// What the server's word on one record means for its row (wire.md §4). One thread.
class OutcomeRules {
 public:
  /// A row put off again and again waits from `first` up to five minutes.
  OutcomeRules(const Clock& clock, std::chrono::milliseconds first, std::uint64_t seed);
  Outcome of(const wire::RecordResult& result, const PendingRow& row);
  /// Put off, with the words of the whole reply.
  Outcome later(const PendingRow& row, const ReplyVerdict& verdict);

 private:
  std::int64_t next_try(const PendingRow& row);

  const Clock& clock_;
  std::chrono::milliseconds first_;
  Backoff backoff_;
};

}  // namespace edge
