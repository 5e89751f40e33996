#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite_store/salvaged_rows.h"
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

/// When the row was received nobody can believe it: what the next sound one before it, or behind it, says.
std::int64_t time_near(StoreBody& body, RowId id) {
  for (const RowId near : {id - 1, id + 1}) {
    Use select(body.statements->fresh);
    select->bind(1, near - 1);
    select->bind(2, 1);
    if (select->executeStep() && is_intact(*select)) return read_row(*select).received_at;
  }
  return body.clock.utc_ms();
}

/// One gap for the damaged rows of each epoch; `dead`, ascending, names them.
std::vector<CorruptRows> lost_rows(StoreBody& body, const std::vector<Outcome>& dead) {
  std::vector<CorruptRows> lost;
  for (const Outcome& one : dead) {
    if (lost.empty() || &body.epoch_of(lost.back().first_id) != &body.epoch_of(one.id)) lost.push_back({one.id});
    CorruptRows& rows = lost.back();
    rows.last_id = one.id;
    ++rows.count;
    rows.to_at = time_near(body, one.id);
    if (rows.count == 1) rows.from_at = rows.to_at;
    rows.from_at = std::min(rows.from_at, rows.to_at);
  }
  return lost;
}

}  // namespace

void StoreBody::suspect(const std::string& why) {
  if (damage.empty()) damage = why;
  std::ofstream(suspect_mark()) << why << '\n';
}

void StoreBody::found_damaged(RowId id) {
  constexpr std::size_t kMost = 65'536;  // of a file with more of them the count need not be exact
  if (damaged_ids.size() < kMost ? damaged_ids.insert(id).second : !damaged_ids.contains(id)) ++damaged_rows;
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
        "The row is not as it was written: the disk or the memory of this machine has changed it. It was not sent; a gap "
        "record tells the server that it is missing. What is left of it stays here.";
    outcomes.push_back(std::move(outcome));
  }
  if (outcomes.empty()) return {};
  std::ranges::sort(outcomes, {}, &Outcome::id);
  const auto lost = lost_rows(*this, outcomes);
  Settlement settlement(*this, outcomes, now);
  SalvagedRows gaps_told(*this);
  std::vector<Document> documents;
  documents.reserve(lost.size());
  for (const CorruptRows& one : lost) {
    const EpochSpan span = epoch_of(one.first_id);
    documents.push_back(gap_of(*this, one, span));
    gaps_told.add(documents.back(), one.first_id, span);
    gaps_told.lose(one.count);
  }
  const auto written = transact_in_reserve([&] {
    settlement.write();
    gaps_told.write();
  });
  if (!written) return written;
  settlement.book();
  gaps_told.book();
  for (const Outcome& outcome : outcomes) found_damaged(outcome.id);
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

void StoreBody::load_unknown_end() {
  unknown_end = meta("unknown_end");
  unknown_end_at = unknown_end.empty() ? 0 : std::stoll(meta("unknown_end_at"));
}

StoreRecovery StoreBody::recovery() const {
  StoreRecovery now;
  now.damage = damage;
  now.damaged_rows = damaged_rows;
  now.restart_due = unreadable && (corrupt_at == 0 || clock.utc_ms() - corrupt_at > kBetweenRestartsMs);
  now.salvaging = salvaging;
  now.inspecting = inspecting;
  now.put_back = counter(ledger.counters, "salvaged");
  now.lost = counter(ledger.counters, "lost.corrupt");
  if (clock.utc_ms() - unknown_end_at < kNoticeMs) now.unknown_end = unknown_end;
  if (clock.utc_ms() - notice_at < kNoticeMs) now.notice = notice;
  return now;
}

}  // namespace edge
