#include <algorithm>
#include <string>

#include "agent/adapters/sqlite_store/settlement.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

constexpr std::int64_t kBackfillMs = 60'000;  ///< wire.md §3: first tried later than this is backfilled
constexpr RowId kAuditStep = 10'000;          ///< ids counted between two chances for an append: 1 to 3 ms

ExceptionRow exception_at(const SQLite::Statement& select) {
  const auto number = [&](int column) { return select.getColumn(column).getInt64(); };
  return {number(0), static_cast<RowState>(number(1)), number(2), number(3), number(4), number(5), number(6)};
}

}  // namespace

const EpochSpan& StoreBody::epoch_of(RowId id) const {
  // The last one that begins at or before the row.
  const auto after = std::ranges::upper_bound(epochs, id, {}, &EpochSpan::from_id);
  return after == epochs.begin() ? epochs.front() : *std::prev(after);
}

std::int64_t StoreBody::first_tried(RowId id) const {
  const auto span = std::ranges::lower_bound(ledger.tried, id, {}, &TriedSpan::last_id);
  return span == ledger.tried.end() || span->first_id > id ? 0 : span->at;
}

void StoreBody::put_exception(const ExceptionRow& row) {
  Use put(statements->put_exception);
  put->bind(1, row.id);
  put->bind(2, static_cast<int>(row.state));
  put->bind(3, row.not_before);
  put->bind(4, row.first_tried_at);
  put->bind(5, row.first_refused_at);
  put->bind(6, row.put_off);
  put->bind(7, row.settled_at);
  put->exec();
}

std::optional<ExceptionRow> StoreBody::get_exception(RowId id) {
  Use get(statements->get_exception);
  get->bind(1, id);
  if (!get->executeStep()) return std::nullopt;
  return exception_at(*get);
}

PendingRow StoreBody::pending_row(const SQLite::Statement& select, std::int64_t first_tried_at) const {
  PendingRow row;
  row.id = select.getColumn(0).getInt64();
  row.seq = seq_of(row.id);
  row.epoch = epoch_of(row.id).epoch;
  row.observation = read_row(select);
  row.document = read_document(select);
  row.damaged = !is_intact(select);
  row.first_tried_at = first_tried_at;
  row.observation.backfilled = row.observation.received_at < first_tried_at - kBackfillMs;
  return row;
}

std::vector<PendingRow> StoreBody::pick(std::size_t limit, std::int64_t now, bool everything) {
  out_of_turn.clear();
  std::vector<RowId> ids;
  if (ledger.later > 0) {
    Use select(everything ? statements->all_put_off : statements->due);
    if (!everything) select->bind(1, now);
    select->bind(everything ? 1 : 2, static_cast<std::int64_t>(limit));
    while (select->executeStep()) ids.push_back(select->getColumn(0).getInt64());
    std::ranges::sort(ids);
  }
  std::vector<PendingRow> rows;
  Use fresh(statements->fresh);
  for (const RowId id : ids) {
    const auto exception = get_exception(id);
    fresh->bind(1, id - 1);
    fresh->bind(2, 1);
    if (exception && fresh->executeStep()) {
      rows.push_back(pending_row(*fresh, exception->first_tried_at));
      rows.back().first_refused_at = exception->first_refused_at;
      rows.back().put_off = static_cast<int>(exception->put_off);
    }
    fresh->reset();
  }
  pick_region(backlog_region(), limit, now, rows);
  return rows;
}

Result<void> StoreBody::mark_tried(RowId first_id, RowId last_id, std::int64_t now) {
  const TriedSpan span{last_id, now, first_id};
  const auto marked = transact_in_reserve([&] {
    SQLite::Statement insert(*db, "INSERT OR REPLACE INTO tried(last_id, at, first_id) VALUES(?, ?, ?)");
    insert.bind(1, span.last_id);
    insert.bind(2, span.at);
    insert.bind(3, span.first_id);
    insert.exec();
  });
  // A store too full for this note must be able to send all the same, or it would stay full for ever.
  if (!marked && marked.error().code != Errc::kFull) return tl::unexpected(marked.error());
  ledger.tried.insert(std::ranges::upper_bound(ledger.tried, last_id, {}, &TriedSpan::last_id), span);
  return {};
}

Result<void> StoreBody::hand_out(Region region, std::span<const PendingRow> rows, std::int64_t now) {
  const RowId last = rows.empty() ? 0 : rows.back().id;
  const RowId tried = tried_upto(region);
  if (last <= tried || last > region.upto || ledger.singled.contains(last) || out_of_turn.contains(last)) return {};
  return mark_tried(tried + 1, last, now);
}

/// A row that the server has must not be lost here: its seq, and with it its uid, would be given to another reading.
Result<void> SqliteStore::sync_handed_out(std::span<const PendingRow> rows) {
  StoreBody& body = *body_;
  if (!body.timer || rows.empty()) return {};
  RowId last = 0;
  for (const PendingRow& row : rows) last = std::max(last, row.id);
  RowId committed = 0;
  {
    const std::lock_guard lock(body.mutex);
    if (last <= body.synced_upto) return {};
    committed = body.ledger.last_id;
  }
  if (auto synced = body.timer->sync_now(); !synced) return synced;
  const std::lock_guard lock(body.mutex);
  body.synced_upto = std::max(body.synced_upto, committed);
  return {};
}

Result<std::vector<PendingRow>> SqliteStore::pending(std::size_t limit, std::int64_t now, bool everything) {
  StoreBody& body = *body_;
  std::vector<PendingRow> rows;
  {
    const std::lock_guard lock(body.mutex);
    body.housekeep(now);
    bool again = true;
    while (again) {
      auto picked = body.read([&]() -> Result<std::vector<PendingRow>> { return body.pick(limit, now, everything); });
      if (!picked) return picked;
      rows = std::move(*picked);
      again = rows.empty() && body.ledger.sent_upto < body.ledger.last_id;
      if (!again) break;
      const RowId before = body.ledger.sent_upto;
      if (auto passed = body.pass_empty_region(); !passed) return tl::unexpected(passed.error());
      again = body.ledger.sent_upto > before;
    }
    if (auto marked = body.hand_out(body.backlog_region(), rows, now); !marked) return tl::unexpected(marked.error());
    if (auto aside = body.set_damaged_aside(rows, now); !aside) return tl::unexpected(aside.error());
  }
  if (auto synced = sync_handed_out(rows); !synced) return tl::unexpected(synced.error());
  const std::lock_guard lock(body.mutex);
  body.keep_extent();
  return rows;
}

Result<std::vector<PendingRow>> SqliteStore::pending_live(std::size_t limit, std::int64_t now) {
  StoreBody& body = *body_;
  std::vector<PendingRow> rows;
  {
    const std::lock_guard lock(body.mutex);
    if (auto split = body.split_lanes(); !split) return tl::unexpected(split.error());
    auto picked = body.read([&]() -> Result<std::vector<PendingRow>> { return body.pick_live(limit, now); });
    if (!picked) return picked;
    rows = std::move(*picked);
    if (auto marked = body.hand_out(body.live_region(), rows, now); !marked) return tl::unexpected(marked.error());
    if (auto aside = body.set_damaged_aside(rows, now); !aside) return tl::unexpected(aside.error());
  }
  if (auto synced = sync_handed_out(rows); !synced) return tl::unexpected(synced.error());
  return rows;
}

Result<std::vector<PendingRow>> SqliteStore::pending_after(RowId after, std::size_t limit, std::int64_t now) {
  StoreBody& body = *body_;
  std::vector<PendingRow> rows;
  {
    const std::lock_guard lock(body.mutex);
    if (body.ledger.later > 0) return rows;
    body.housekeep(now);
    const Region backlog = body.backlog_region();
    const Region behind{std::max(after, backlog.after), backlog.upto};
    auto picked = body.read([&]() -> Result<void> {
      rows.clear();
      body.pick_region(behind, limit, now, rows);
      return {};
    });
    if (!picked) return tl::unexpected(picked.error());
    if (auto marked = body.hand_out(backlog, rows, now); !marked) return tl::unexpected(marked.error());
    if (auto aside = body.set_damaged_aside(rows, now); !aside) return tl::unexpected(aside.error());
  }
  if (auto synced = sync_handed_out(rows); !synced) return tl::unexpected(synced.error());
  const std::lock_guard lock(body.mutex);
  body.keep_extent();
  return rows;
}

Result<void> SqliteStore::settle(std::span<const Outcome> outcomes, std::int64_t now) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  Settlement settlement(body, outcomes, now);
  if (auto written = body.transact_in_reserve([&] { settlement.write(); }); !written) return written;
  settlement.book();
  return {};
}

DeliveryTotals SqliteStore::totals() const {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.totals();
}

DeliveryTotals StoreBody::totals() {
  DeliveryTotals totals;
  totals.sent = ledger.sent;
  std::int64_t fresh = waiting_in({ledger.sent_upto, ledger.last_id}) - ledger.holes;
  for (const AheadRange& piece : ledger.ahead) fresh -= piece.last_id - piece.first_id + 1;
  totals.pending = fresh + ledger.later;
  if (!ledger.ahead.empty()) totals.backlog = fresh - waiting_in(live_region());
  totals.dead = ledger.dead;
  totals.last_seq = ledger.last_id - epochs.back().first_id + 1;
  if (totals.pending == 0) return totals;
  const auto oldest = read([&]() -> Result<std::int64_t> {
    RowId after = ledger.sent_upto;
    if (ledger.later > 0) {
      Use first(statements->all_put_off);
      first->bind(1, 1);
      if (first->executeStep()) after = std::min(after, first->getColumn(0).getInt64() - 1);
    }
    Use select(statements->received_at);
    select->bind(1, after);
    if (!select->executeStep()) return fail(Errc::kNotFound, "no row after " + std::to_string(after));
    return select->getColumn(0).getInt64();
  });
  if (oldest) totals.oldest_pending_at = *oldest;
  return totals;
}

Result<Audit> SqliteStore::audit() {
  StoreBody& body = *body_;
  Audit audit;
  std::vector<Region> regions;
  {
    const std::lock_guard lock(body.mutex);
    audit.counters = body.ledger.counters;
    audit.totals = body.totals();
    regions = body.waiting_regions();
    const auto counted = body.read([&]() -> Result<void> {
      audit.totals.pending = body.db->execAndGet("SELECT count(*) FROM exception WHERE state = 0").getInt64();
      audit.totals.pending -= static_cast<std::int64_t>(body.ledger.singled.size());  // rows of the regions below
      audit.totals.dead = body.db->execAndGet("SELECT count(*) FROM dead_letter").getInt64();
      return {};
    });
    if (!counted) return tl::unexpected(counted.error());
    ++body.audits;
  }
  Result<void> counted;
  for (Region region : regions) {
    for (; region.after < region.upto && counted; region.after += kAuditStep) {
      const std::lock_guard lock(body.mutex);
      counted = body.read([&]() -> Result<void> {
        SQLite::Statement count(*body.db, "SELECT count(*) FROM outbox WHERE id > ? AND id <= ?");
        count.bind(1, region.after);
        count.bind(2, std::min(region.after + kAuditStep, region.upto));
        if (count.executeStep()) audit.totals.pending += count.getColumn(0).getInt64();
        return {};
      });
    }
  }
  const std::lock_guard lock(body.mutex);
  --body.audits;
  if (!counted) return tl::unexpected(counted.error());
  return audit;
}

}  // namespace edge
