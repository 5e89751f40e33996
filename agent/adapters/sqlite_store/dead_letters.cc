#include <string>

#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/wire/records.h"

namespace edge {
namespace {

constexpr const char* kLetterColumns = "SELECT id, at, status, code, field, message FROM dead_letter ";

}  // namespace

DeadLetter StoreBody::read_dead_letter(const SQLite::Statement& select) {
  DeadLetter letter;
  letter.id = select.getColumn(0).getInt64();
  letter.seq = seq_of(letter.id);
  letter.epoch = epoch_of(letter.id).epoch;
  letter.at = select.getColumn(1).getInt64();
  letter.status = select.getColumn(2).getString();
  letter.code = select.getColumn(3).getString();
  letter.field = select.getColumn(4).getString();
  letter.message = select.getColumn(5).getString();
  Use row(statements->fresh);
  row->bind(1, letter.id - 1);
  row->bind(2, 1);
  if (row->executeStep()) {
    const auto exception = get_exception(letter.id);
    const PendingRow pending = pending_row(*row, exception ? exception->first_tried_at : 0);
    const Observation& o = pending.observation;
    letter.record = pending.document.empty() ? wire::encode_observation({o.uid, letter.seq, o.site, letter.epoch}, o)
                                             : pending.document;
  }
  return letter;
}

Result<std::vector<DeadLetter>> SqliteStore::dead_letters(std::size_t limit, RowId after) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.read([&]() -> Result<std::vector<DeadLetter>> {
    SQLite::Statement select(*body.db, std::string(kLetterColumns) + "WHERE id > ? ORDER BY id LIMIT ?");
    select.bind(1, after);
    select.bind(2, static_cast<std::int64_t>(limit));
    std::vector<DeadLetter> letters;
    while (select.executeStep()) letters.push_back(body.read_dead_letter(select));
    return letters;
  });
}

Result<DeadLetter> SqliteStore::dead_letter(RowId id) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.read([&]() -> Result<DeadLetter> {
    SQLite::Statement select(*body.db, std::string(kLetterColumns) + "WHERE id = ?");
    select.bind(1, id);
    if (!select.executeStep()) return fail(Errc::kNotFound, "no dead letter " + std::to_string(id));
    return body.read_dead_letter(select);
  });
}

Result<std::int64_t> StoreBody::requeue(const std::string& where, const std::string& value) {
  std::int64_t count = 0;
  const auto done = transact([&] {
    // Its uid and first try stay: a row that arrived after all is a duplicate to the server, not a second row.
    SQLite::Statement wake(*db,
                           "UPDATE exception SET state = 0, not_before = 0, first_refused_at = 0, put_off = 0, "
                           "settled_at = 0 WHERE id IN (SELECT id FROM dead_letter WHERE " +
                               where + ")");
    wake.bind(1, value);
    count = wake.exec();
    SQLite::Statement remove(*db, "DELETE FROM dead_letter WHERE " + where);
    remove.bind(1, value);
    remove.exec();
  });
  if (!done) return tl::unexpected(done.error());
  ledger.dead -= count;
  ledger.later += count;
  return count;
}

Result<void> SqliteStore::requeue(RowId id) {
  const std::lock_guard lock(body_->mutex);
  const auto count = body_->requeue("id = CAST(?1 AS INTEGER)", std::to_string(id));
  if (!count) return tl::unexpected(count.error());
  if (*count == 0) return fail(Errc::kNotFound, "no dead letter " + std::to_string(id));
  return {};
}

Result<std::int64_t> SqliteStore::requeue_all(std::string_view code) {
  const std::lock_guard lock(body_->mutex);
  return body_->requeue("(?1 = '' OR code = ?1)", std::string(code));
}

}  // namespace edge
