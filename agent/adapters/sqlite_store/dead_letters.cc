#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "agent/adapters/sqlite_store/removal.h"
#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/wire/records.h"

namespace edge {
namespace {

constexpr std::int64_t kBoundRows = 500;      ///< that go in one transaction
constexpr std::int64_t kCountBytesEvery = 64;  ///< letters that may come before their bytes are counted again
constexpr std::int64_t kRowOverhead = 200;     ///< bytes of a letter beside what came from outside

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

namespace {

/// Letters above the bounds, by number and by bytes.
std::int64_t surplus(StoreBody& body) {
  const std::int64_t by_count = body.ledger.dead - body.options.dead_letters;
  const std::int64_t most = std::min(body.options.dead_letter_bytes, body.bounds.max / 8);
  SQLite::Statement sum(*body.db,
                        "SELECT ifnull(sum(length(o.raw) + ifnull(length(o.extra), 0) + length(d.message) + ?), 0) "
                        "FROM dead_letter d JOIN outbox o USING(id)");
  sum.bind(1, kRowOverhead);
  const std::int64_t bytes = sum.executeStep() ? sum.getColumn(0).getInt64() : 0;
  const std::int64_t by_bytes = bytes > most ? (bytes - most) / (bytes / body.ledger.dead + 1) + 1 : 0;
  return std::max(by_count, by_bytes);
}

/// The `count` oldest readings among the letters.
Removal oldest_readings(StoreBody& body, std::int64_t count) {
  Removal removal;
  Loss loss;
  loss.reason = "dead_letter_bound";
  SQLite::Statement select(*body.db, std::string("SELECT ") + kRowColumns +
                                         " FROM outbox WHERE id IN (SELECT id FROM dead_letter) AND id < ? ORDER BY id");
  select.bind(1, body.ledger.last_id);
  while (static_cast<std::int64_t>(removal.dead.size()) < count && select.executeStep()) {
    const RowBrief row = read_brief(select);
    if (row.document) continue;
    const RowId id = select.getColumn(0).getInt64();
    if (!removal.empty() && &body.epoch_of(id) != &body.epoch_of(loss.from)) break;
    const std::int64_t readings = row.fold ? row.fold->count : 1;
    removal.dead.push_back(id);
    removal.add["thinned.dead_letter"] += readings;
    if (readings > 1) removal.add["folded"] -= readings - 1;
    loss.add(id, row.fold ? row.fold->last_row : id, row.received_at, readings, row.site, row.device);
  }
  if (!removal.empty()) removal.loss = std::move(loss);
  return removal;
}

}  // namespace

bool StoreBody::bound_dead_letters() {
  const bool counted = std::abs(ledger.dead - letters_bounded) < kCountBytesEvery;
  if (ledger.dead <= options.dead_letters && counted) return false;
  letters_bounded = ledger.dead;
  if (ledger.dead == 0) return false;
  const std::int64_t many = surplus(*this);
  if (many <= 0) return false;
  const Removal removal = oldest_readings(*this, std::min(many, kBoundRows));
  if (removal.empty() || !remove_rows(*this, removal)) return false;
  // A chunk of a larger surplus: look again at once.
  letters_bounded = many > kBoundRows ? -kCountBytesEvery : ledger.dead;
  return true;
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
