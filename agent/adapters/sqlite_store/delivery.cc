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
  // The last one that begins at or before the row; there are few.
  for (auto span = epochs.rbegin(); span != epochs.rend(); ++span) {
    if (span->first_id <= id) return *span;
  }
  return epochs.front();
}

std::int64_t StoreBody::first_tried(RowId id) const {
  const auto span = std::ranges::lower_bound(ledger.tried, id, {}, &TriedSpan::last_id);
  return span == ledger.tried.end() ? 0 : span->at;
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
  row.first_tried_at = first_tried_at;
  row.observation.backfilled = first_tried_at - row.observation.received_at > kBackfillMs;
  return row;
}

std::vector<PendingRow> StoreBody::pick(std::size_t limit, std::int64_t now, bool everything) {
  std::vector<ExceptionRow> put_off;
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
  fresh->bind(1, ledger.sent_upto);
  fresh->bind(2, static_cast<std::int64_t>(limit - std::min(limit, rows.size())));
  while (fresh->executeStep()) {
    const std::int64_t tried = first_tried(fresh->getColumn(0).getInt64());
    rows.push_back(pending_row(*fresh, tried == 0 ? now : tried));
  }
  return rows;
}

Result<void> StoreBody::mark_tried(RowId last_id, std::int64_t now) {
  const RowId tried = ledger.tried.empty() ? ledger.sent_upto : ledger.tried.back().last_id;
  if (last_id <= tried) return {};
  const auto marked = transact_in_reserve([&] {
    SQLite::Statement insert(*db, "INSERT OR REPLACE INTO tried(last_id, at) VALUES(?, ?)");
    insert.bind(1, last_id);
    insert.bind(2, now);
    insert.exec();
  });
  // A store too full for this note must be able to send all the same, or it would stay full for ever.
  if (!marked && marked.error().code != Errc::kFull) return tl::unexpected(marked.error());
  ledger.tried.push_back({last_id, now});
  return {};
}

Result<std::vector<PendingRow>> SqliteStore::pending(std::size_t limit, std::int64_t now, bool everything) {
  StoreBody& body = *body_;
  std::vector<PendingRow> rows;
  {
    const std::lock_guard lock(body.mutex);
    body.housekeep(now);
    auto picked = body.read([&]() -> Result<std::vector<PendingRow>> { return body.pick(limit, now, everything); });
    if (!picked) return picked;
    rows = std::move(*picked);
    if (rows.empty()) return rows;
    if (auto marked = body.mark_tried(rows.back().id, now); !marked) return tl::unexpected(marked.error());
  }
  // A row that the server has must not be lost here: its seq, and with it its uid, would be given to another reading.
  if (body.timer) {
    if (auto synced = body.timer->sync_now(); !synced) return tl::unexpected(synced.error());
  }
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
  totals.pending = ledger.last_id - ledger.sent_upto - ledger.holes + ledger.later;
  totals.dead = ledger.dead;
  totals.last_seq = ledger.last_id - epochs.back().first_id + 1;
  if (totals.pending == 0) return totals;
  const auto oldest = read([&]() -> Result<std::int64_t> {
    RowId id = ledger.sent_upto + 1;
    if (ledger.later > 0) {
      Use first(statements->all_put_off);
      first->bind(1, 1);
      if (first->executeStep()) id = first->getColumn(0).getInt64();
    }
    SQLite::Statement select_(*db, "SELECT received_at FROM outbox WHERE id >= ?1 ORDER BY id LIMIT 1");
    auto* select = &select_;
    select->bind(1, id);
    if (!select->executeStep()) return fail(Errc::kNotFound, "no row " + std::to_string(id));
    return select->getColumn(0).getInt64();
  });
  if (oldest) totals.oldest_pending_at = *oldest;
  return totals;
}

Result<Audit> SqliteStore::audit() {
  StoreBody& body = *body_;
  Audit audit;
  RowId next = 0, last = 0;
  {
    const std::lock_guard lock(body.mutex);
    audit.counters = body.ledger.counters;
    audit.totals = body.totals();
    next = body.ledger.sent_upto + 1;
    last = body.ledger.last_id;
    const auto counted = body.read([&]() -> Result<void> {
      audit.totals.pending = body.db->execAndGet("SELECT count(*) FROM exception WHERE state = 0").getInt64();
      audit.totals.dead = body.db->execAndGet("SELECT count(*) FROM dead_letter").getInt64();
      return {};
    });
    if (!counted) return tl::unexpected(counted.error());
    ++body.audits;
  }
  Result<void> counted;
  for (; next <= last && counted; next += kAuditStep) {
    const std::lock_guard lock(body.mutex);
    counted = body.read([&]() -> Result<void> {
      SQLite::Statement count(*body.db, "SELECT count(*) FROM outbox WHERE id BETWEEN ? AND ?");
      count.bind(1, next);
      count.bind(2, std::min(next + kAuditStep - 1, last));
      if (count.executeStep()) audit.totals.pending += count.getColumn(0).getInt64();
      return {};
    });
  }
  const std::lock_guard lock(body.mutex);
  --body.audits;
  if (!counted) return tl::unexpected(counted.error());
  return audit;
}

}  // namespace edge
