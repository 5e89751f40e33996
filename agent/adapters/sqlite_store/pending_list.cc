#include <algorithm>

#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

/// Rows put off lie at or below the cursor, rows never settled above it: so one follows the other.
std::vector<PendingRow> list_put_off(StoreBody& body, std::size_t limit, RowId after) {
  std::vector<PendingRow> rows;
  SQLite::Statement ids(*body.db, "SELECT id FROM exception WHERE state = 0 AND id > ?1 ORDER BY id LIMIT ?2");
  ids.bind(1, after);
  ids.bind(2, static_cast<std::int64_t>(limit));
  Use row(body.statements->fresh);
  while (ids.executeStep()) {
    const RowId id = ids.getColumn(0).getInt64();
    const auto exception = body.get_exception(id);
    row->bind(1, id - 1);
    row->bind(2, 1);
    if (exception && row->executeStep()) {
      rows.push_back(body.pending_row(*row, exception->first_tried_at));
      rows.back().first_refused_at = exception->first_refused_at;
      rows.back().put_off = static_cast<int>(exception->put_off);
    }
    row->reset();
  }
  return rows;
}

void list_fresh(StoreBody& body, std::size_t limit, RowId after, std::vector<PendingRow>& rows) {
  Use row(body.statements->fresh);
  row->bind(1, std::max(after, body.ledger.sent_upto));
  row->bind(2, static_cast<std::int64_t>(limit - rows.size()));
  while (row->executeStep()) {
    rows.push_back(body.pending_row(*row, body.first_tried(row->getColumn(0).getInt64())));
  }
}

}  // namespace

Result<std::vector<PendingRow>> SqliteStore::list_pending(std::size_t limit, RowId after) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.read([&]() -> Result<std::vector<PendingRow>> {
    auto rows = list_put_off(body, limit, after);
    if (rows.size() < limit) list_fresh(body, limit, after, rows);
    return rows;
  });
}

}  // namespace edge
