#include "agent/adapters/sqlite_store/removal.h"

#include <string>

#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

void remove_from(SQLite::Database& db, const char* table, const std::vector<RowId>& ids) {
  if (ids.empty()) return;
  SQLite::Statement remove(db, std::string("DELETE FROM ") + table + " WHERE id = ?");
  for (const RowId id : ids) {
    remove.bind(1, id);
    remove.exec();
    remove.reset();
  }
}

void rewrite(StoreBody& body, const Removal& removal) {
  for (const auto& [id, row] : removal.rewritten) {
    remove_from(*body.db, "outbox", {id});
    RowTexts texts;
    Use insert(body.statements->insert);
    bind_row(*insert, id, row, texts, 0);  // its tally is in the sums that go with it
    insert->exec();
  }
}

std::int64_t size_of(const std::vector<RowId>& ids) { return static_cast<std::int64_t>(ids.size()); }

/// The ids that are left empty above the cursor are no rows that wait.
void write_holes(StoreBody& body, std::int64_t more) {
  const Ledger& ledger = body.ledger;
  Use cursor(body.statements->set_cursor);
  cursor->bind(1, ledger.sent_upto);
  cursor->bind(2, ledger.sent);
  cursor->bind(3, ledger.holes + more);
  cursor->exec();
}

}  // namespace

Result<void> remove_rows(StoreBody& body, const Removal& removal) {
  Ledger& ledger = body.ledger;
  Counters sums = ledger.counters;
  for (const auto& [name, count] : removal.add) sums[name] += count;
  std::optional<GapRow> gap;
  if (removal.loss) gap = body.gaps.plan(body, *removal.loss);
  const bool adds = gap && gap->is_new;
  if (adds) ++sums["documents"];
  const RowId last = ledger.last_id + (adds ? 1 : 0);
  const auto done = body.transact_in_reserve([&] {
    for (const auto* ids : {&removal.fresh, &removal.put_off, &removal.dead}) remove_from(*body.db, "outbox", *ids);
    for (const auto* ids : {&removal.put_off, &removal.dead}) remove_from(*body.db, "exception", *ids);
    remove_from(*body.db, "dead_letter", removal.dead);
    rewrite(body, removal);
    if (gap) write_gap(body, *gap);
    // Always: the tallies of rows that are gone must stand in the sums (counting.h).
    body.write_counters(sums, last);
    write_holes(body, size_of(removal.fresh));
  });
  if (!done) return done;
  ledger.last_id = last;
  ledger.counters = std::move(sums);
  body.counters_written(last);
  ledger.holes += size_of(removal.fresh);
  ledger.later -= size_of(removal.put_off);
  ledger.dead -= size_of(removal.dead);
  if (gap) body.gaps.note(*gap);
  if (body.timer) body.timer->committed(ledger.last_id);
  return {};
}

}  // namespace edge
