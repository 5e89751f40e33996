#include <algorithm>

#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

void list_put_off(StoreBody& body, std::size_t limit, RowId after, std::vector<PendingRow>& rows) {
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
}

void list_fresh(StoreBody& body, std::size_t limit, Region region, std::vector<PendingRow>& rows) {
  Use row(body.statements->region);
  row->bind(1, region.after);
  row->bind(2, region.upto);
  row->bind(3, static_cast<std::int64_t>(limit + body.ledger.singled.size()));
  for (std::size_t found = 0; found < limit && row->executeStep();) {
    const RowId id = row->getColumn(0).getInt64();
    if (body.ledger.singled.contains(id)) continue;
    rows.push_back(body.pending_row(*row, body.first_tried(id)));
    ++found;
  }
}

}  // namespace

Result<std::vector<PendingRow>> SqliteStore::list_pending(std::size_t limit, RowId after) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.read([&]() -> Result<std::vector<PendingRow>> {
    std::vector<PendingRow> rows;
    list_put_off(body, limit, after, rows);
    for (Region region : body.waiting_regions()) {
      region.after = std::max(region.after, after);
      if (region.after < region.upto) list_fresh(body, limit, region, rows);
    }
    std::ranges::sort(rows, {}, &PendingRow::id);
    if (rows.size() > limit) rows.resize(limit);
    return rows;
  });
}

}  // namespace edge
