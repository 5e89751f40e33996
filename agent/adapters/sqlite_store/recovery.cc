#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite_store/settlement.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

constexpr std::int64_t kBetweenRestartsMs = 3'600'000;  ///< a disk that damages each new file must not make a loop
constexpr std::int64_t kNoticeMs = 7LL * 24 * 3'600'000;  ///< so long it is shown that the store is a copy

std::int64_t counter(const Counters& counters, const char* name) {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

}  // namespace

void StoreBody::suspect(const std::string& why) {
  if (damage.empty()) damage = why;
  std::ofstream(suspect_mark()) << why << '\n';
}

Result<void> StoreBody::set_damaged_aside(std::vector<PendingRow>& rows, std::int64_t now) {
  std::vector<Outcome> outcomes;
  for (const PendingRow& row : rows) {
    if (!row.damaged) continue;
    Outcome outcome;
    outcome.id = row.id;
    outcome.kind = Outcome::Kind::kDead;
    outcome.status = "damaged";
    outcome.code = "damaged";
    outcome.message =
        "The row is not as it was written: the disk or the memory of this machine has changed it. It was not sent.";
    outcomes.push_back(std::move(outcome));
  }
  if (outcomes.empty()) return {};
  Settlement settlement(*this, outcomes, now);
  if (auto written = transact_in_reserve([&] { settlement.write(); }); !written) return written;
  settlement.book();
  damaged_rows += static_cast<std::int64_t>(outcomes.size());
  suspect(std::to_string(damaged_rows) + " damaged rows in outbox");
  std::erase_if(rows, [](const PendingRow& row) { return row.damaged; });
  return {};
}

void StoreBody::find_again(RecentUid row) {
  constexpr std::size_t kMost = 65'536;  // the window holds no more
  if (found.size() >= kMost) return;
  found.push_back(std::move(row));
  any_found = true;
}

std::vector<RecentUid> SqliteStore::found_again() {
  if (!body_->any_found.load(std::memory_order_relaxed)) return {};
  const std::lock_guard lock(body_->mutex);
  body_->any_found = false;
  return std::exchange(body_->found, {});
}

StoreRecovery StoreBody::recovery() const {
  StoreRecovery now;
  now.damage = damage;
  now.restart_due = unreadable && (corrupt_at == 0 || clock.utc_ms() - corrupt_at > kBetweenRestartsMs);
  now.salvaging = salvaging;
  now.inspecting = inspecting;
  now.put_back = counter(ledger.counters, "salvaged");
  now.lost = counter(ledger.counters, "lost.corrupt");
  if (clock.utc_ms() - notice_at < kNoticeMs) now.notice = notice;
  return now;
}

}  // namespace edge
