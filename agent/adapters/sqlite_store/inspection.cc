#include "agent/adapters/sqlite_store/inspection.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <string>

#include "agent/adapters/sqlite_store/row_codec.h"

namespace edge {
namespace {

constexpr RowId kRows = 500, kDocuments = 100;
constexpr const char* kDue = "inspect";

/// Small ones: a check of each takes a few ms.
constexpr std::array kTables = {"delivery", "exception", "tried",         "sent_mark",   "dead_letter", "counter",
                                "meta",     "span",      "number_series", "open_ticket", "config"};

/// kRowColumns without `hash`.
std::string hashed_columns() {
  const std::string all = kRowColumns;
  return all.substr(0, all.rfind(','));
}

}  // namespace

Result<bool> Inspection::step() {
  const std::lock_guard lock(body_.mutex);
  return body_.read([&]() -> Result<bool> {
    if (!body_.inspecting || body_.unreadable) return false;
    if (stage_ == 0 && rows()) return true;
    if (stage_ <= 1 && documents("weighing", "json_valid(document) = 0")) return true;
    if (stage_ <= 2 && documents("ticket", "hash <> edge_hash(uid, number, document)")) return true;
    if (tables()) return true;
    body_.inspecting = false;
    return body_.transact([&] { body_.set_meta(kDue, "0"); }).map([] { return false; });
  });
}


bool Inspection::rows() {
  if (next_id_ == 0) next_id_ = body_.db->execAndGet("SELECT ifnull(min(id), 1) FROM outbox").getInt64();
  const RowId to = std::min(next_id_ + kRows - 1, body_.ledger.last_id);
  const std::string within = " FROM outbox WHERE id BETWEEN ?1 AND ?2 AND ";
  // A damaged row takes no other with it, and one that waits is set aside before it would be sent: the file goes on.
  SQLite::Statement wrong(*body_.db, "SELECT id" + within + "hash <> edge_hash(" + hashed_columns() +
                                         ") AND id NOT IN (SELECT id FROM dead_letter WHERE code = 'damaged')");
  wrong.bind(1, next_id_);
  wrong.bind(2, to);
  while (wrong.executeStep()) body_.found_damaged(wrong.getColumn(0).getInt64());
  if (to > body_.ledger.sent_upto) {
    SQLite::Statement bare(*body_.db, "SELECT count(*)" + within + "hash IS NULL");
    bare.bind(1, next_id_);
    bare.bind(2, to);
    if (bare.executeStep() && bare.getColumn(0).getInt64() > 0) {
      (void)body_.transact([&] {
        SQLite::Statement seal(*body_.db, "UPDATE outbox SET hash = edge_hash(" + hashed_columns() +
                                              ") WHERE id BETWEEN ?1 AND ?2 AND hash IS NULL");
        seal.bind(1, next_id_);
        seal.bind(2, to);
        seal.exec();
      });
    }
  }
  next_id_ = to + 1;
  if (to < body_.ledger.last_id) return true;
  stage_ = 1;
  next_id_ = 1;
  return false;
}

bool Inspection::documents(const char* table, const char* wrong) {
  const std::string from = std::string(" FROM ") + table;
  const RowId last = body_.db->execAndGet("SELECT ifnull(max(id), 0)" + from).getInt64();
  const RowId to = std::min(next_id_ + kDocuments - 1, last);
  SQLite::Statement select(*body_.db, "SELECT count(*)" + from + " WHERE id BETWEEN ?1 AND ?2 AND " + wrong);
  select.bind(1, next_id_);
  select.bind(2, to);
  if (select.executeStep()) body_.damaged_rows += select.getColumn(0).getInt64();
  next_id_ = to + 1;
  if (to < last) return true;
  ++stage_;
  next_id_ = 1;
  return false;
}

bool Inspection::tables() {
  if (table_ >= kTables.size()) return false;
  const std::string name = kTables[table_++];
  const std::string verdict = body_.db->execAndGet("PRAGMA quick_check(" + name + ")").getString();
  if (verdict != "ok") throw SQLite::Exception("quick_check of " + name + ": " + verdict, SQLITE_CORRUPT);
  return true;
}

}  // namespace edge
