#include "agent/core/health.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "protocols/record/time.h"

namespace edge {
namespace {

using Weight = HealthReason::Weight;
using Reasons = std::vector<HealthReason>;

constexpr std::int64_t kCertificateWarnMs = 14LL * 24 * 3600 * 1000;

std::int64_t exactly(const Counters& counters, std::string_view name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

void judge_store(const HealthFacts& facts, Reasons& reasons) {
  if (!facts.size.failure.empty()) {
    reasons.push_back({Weight::kUnhealthy, "store_failed", "nothing is durable any more: " + facts.size.failure});
  }
  if (!facts.accepting && facts.size.disk_short) {
    reasons.push_back({Weight::kNotReady, "disk_full",
                       std::to_string(facts.size.free_bytes) + " bytes are free on the disk, " +
                           std::to_string(facts.size.floor_bytes) + " have to be: make room on it; sources are paused"});
  } else if (!facts.accepting) {
    reasons.push_back({Weight::kNotReady, "store_full",
                       std::to_string(facts.size.used_bytes) + " of " + std::to_string(facts.size.max_bytes) +
                           " bytes used, " + std::to_string(facts.size.free_bytes) + " free on the disk"});
  }
  if (const auto thinned = counter_sum(facts.audit.counters, "thinned"); thinned > 0) {
    reasons.push_back({Weight::kNote, "thinned",
                       std::to_string(thinned) + " readings went to make room before the server had them; gap records "
                                                 "say which (docs/storage.md)"});
  }
  if (facts.identity.provisional) {
    reasons.push_back({facts.identity.reason == "corrupt" ? Weight::kUnhealthy : Weight::kNote, "provisional_epoch",
                       "the server has not granted an epoch yet (" + facts.identity.reason + ")"});
  }
  if (!facts.identity.corrupt_kept_in.empty()) {
    reasons.push_back(
        {Weight::kNote, "corrupt_kept", "a damaged database is kept in " + facts.identity.corrupt_kept_in});
  }
}

void judge_recovery(const StoreRecovery& recovery, Reasons& reasons) {
  if (!recovery.damage.empty()) {
    reasons.push_back({Weight::kUnhealthy, "store_damaged",
                       "the database is damaged and will be set aside at the next start: " + recovery.damage});
  }
  if (recovery.damaged_rows > 0) {
    reasons.push_back({Weight::kNote, "rows_damaged",
                       std::to_string(recovery.damaged_rows) +
                           " rows are not as they were written and are not sent: have the disk and the memory of this "
                           "machine checked"});
  }
  if (!recovery.salvaging.empty()) {
    reasons.push_back({Weight::kNote, "salvaging",
                       std::to_string(recovery.put_back) + " rows put back so far from " + recovery.salvaging});
  }
  if (recovery.lost > 0) {
    reasons.push_back({Weight::kNote, "rows_lost", std::to_string(recovery.lost) + " rows were lost by damage of the disk"});
  }
  if (!recovery.unknown_end.empty()) reasons.push_back({Weight::kNote, "rows_unknown", recovery.unknown_end});
  if (!recovery.notice.empty()) reasons.push_back({Weight::kNote, "store_copied", recovery.notice});
}

void judge_sums(const Conservation& sums, Reasons& reasons) {
  if (sums.holds()) return;
  reasons.push_back({Weight::kUnhealthy, "conservation",
                     "messages " + std::to_string(sums.messages) + " against " +
                         std::to_string(sums.messages_accounted) + ", readings " + std::to_string(sums.readings) +
                         " against " + std::to_string(sums.readings_accounted)});
}

void judge_delivery(const HealthFacts& facts, Reasons& reasons) {
  if (facts.sync.state == "stopped") {
    reasons.push_back({Weight::kUnhealthy, facts.sync.code, "delivery has stopped: " + facts.sync.reason});
  } else if (facts.sync.state == "waiting") {
    reasons.push_back({Weight::kNote, facts.sync.code, "delivery waits: " + facts.sync.reason});
  }
  if (facts.audit.totals.dead > 0) {
    reasons.push_back({Weight::kNote, "dead_letters",
                       std::to_string(facts.audit.totals.dead) + " records were refused and wait for a person"});
  }
}

void judge_server(const HealthFacts& facts, Reasons& reasons) {
  if (facts.server_lacks > 0) {
    reasons.push_back({Weight::kNote, "server_behind",
                       "the server lacks " + std::to_string(facts.server_lacks) +
                           " records or more that it had taken (restored from a backup?): run edge-agent reconcile"});
  }
  if (!facts.certificate_expires) return;
  const std::int64_t left = *facts.certificate_expires - facts.now;
  const std::string day = format_instant(*facts.certificate_expires);
  if (left <= 0) {
    reasons.push_back({Weight::kNote, "server_certificate",
                       "the server's certificate ended " + day + ": renew it there. Readings are kept meanwhile"});
  } else if (left < kCertificateWarnMs) {
    reasons.push_back({Weight::kNote, "server_certificate",
                       "the server's certificate ends " + day + ": renew it there, or delivery stops"});
  }
}

void judge_intake(const HealthFacts& facts, Reasons& reasons) {
  for (const SourceStatus& source : facts.sources) {
    if (source.state != "down") continue;
    reasons.push_back({Weight::kNotReady, "source_down", source.name + ": " + source.error});
  }
  if (facts.clock == ClockState::kUnsynced) {
    reasons.push_back({Weight::kNote, "clock_unsynced", "the clock has no time source yet"});
  }
}

}  // namespace

std::int64_t counter_sum(const Counters& counters, std::string_view name) {
  std::int64_t sum = exactly(counters, name);
  const std::string below = std::string(name) + ".";
  for (auto at = counters.lower_bound(below); at != counters.end() && at->first.starts_with(below); ++at) {
    sum += at->second;
  }
  return sum;
}

Conservation conservation_of(const Audit& audit) {
  const Counters& counters = audit.counters;
  Conservation sums;
  sums.messages = exactly(counters, "messages");
  sums.messages_accounted = exactly(counters, "decoded") + exactly(counters, "undecodable") +
                            exactly(counters, "duplicate") + counter_sum(counters, "ignored");
  sums.readings = exactly(counters, "readings") + counter_sum(counters, "documents");
  sums.readings_accounted =
      audit.totals.sent + audit.totals.pending + audit.totals.dead + exactly(counters, "readings.duplicate") +
      exactly(counters, "folded") + counter_sum(counters, "thinned") + counter_sum(counters, "suppressed");
  return sums;
}

Health judge_health(const HealthFacts& facts) {
  Health health;
  health.conservation = conservation_of(facts.audit);
  judge_store(facts, health.reasons);
  judge_recovery(facts.identity.recovery, health.reasons);
  judge_sums(health.conservation, health.reasons);
  judge_delivery(facts, health.reasons);
  judge_server(facts, health.reasons);
  judge_intake(facts, health.reasons);
  std::ranges::stable_sort(health.reasons, std::greater{}, &HealthReason::weight);
  for (const HealthReason& reason : health.reasons) {
    if (reason.weight == Weight::kUnhealthy) health.healthy = false;
    if (reason.weight == Weight::kNotReady || reason.code == "store_failed") health.ready = false;
  }
  return health;
}

}  // namespace edge
