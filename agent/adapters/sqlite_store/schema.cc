#include "agent/adapters/sqlite_store/schema.h"

#include <SQLiteCpp/Transaction.h>

#include <array>
#include <string>

namespace edge {
namespace {

// A column holds no more than what cannot be computed: `lag` is received_at - observed_at (0 takes no byte), `bits`
// packs the enumerations, raw_sha256 is there only where raw is not the whole payload. No index on outbox: at 3 million
// rows one costs 28 times the insert.
constexpr const char* kFirst = R"sql(
CREATE TABLE outbox(
  id INTEGER PRIMARY KEY, uid BLOB NOT NULL, site TEXT NOT NULL, device TEXT NOT NULL, type TEXT NOT NULL,
  idx INTEGER NOT NULL, received_at INTEGER NOT NULL, lag INTEGER NOT NULL, bits INTEGER NOT NULL, boot BLOB,
  mono_ms INTEGER NOT NULL, value TEXT, unit TEXT, value_in TEXT, unit_in TEXT, reasons TEXT, policy_version BLOB,
  packet_id INTEGER NOT NULL, raw TEXT NOT NULL, raw_bytes INTEGER, raw_sha256 BLOB, extra TEXT, tally INTEGER);
CREATE TABLE epoch(ordinal INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE, first_id INTEGER NOT NULL,
  provisional INTEGER NOT NULL);
CREATE TABLE delivery(sink TEXT PRIMARY KEY, sent_upto INTEGER NOT NULL, sent INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE exception(
  id INTEGER PRIMARY KEY, state INTEGER NOT NULL, not_before INTEGER NOT NULL, first_tried_at INTEGER NOT NULL,
  first_refused_at INTEGER NOT NULL, put_off INTEGER NOT NULL, settled_at INTEGER NOT NULL);
CREATE INDEX exception_due ON exception(not_before) WHERE state = 0;
CREATE INDEX exception_sent ON exception(settled_at) WHERE state = 2;
CREATE TABLE tried(last_id INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE sent_mark(upto INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE dead_letter(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL,
  field TEXT NOT NULL, message TEXT NOT NULL);
CREATE TABLE config(id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL);
CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES('#upto', 0);
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO delivery VALUES('frappe', 0, 0);
)sql";

// A weighing's JSON is what was hashed and what travels; its other columns are there to find it by. Numbers of a series
// stand apart from the tickets: a number is given once, whatever becomes of the ticket.
constexpr const char* kWeighbridge = R"sql(
CREATE TABLE weighing(
  id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, scale TEXT NOT NULL, epoch TEXT NOT NULL,
  alibi_seq INTEGER NOT NULL, hash BLOB NOT NULL, document TEXT NOT NULL, UNIQUE(scale, epoch, alibi_seq));
CREATE INDEX weighing_of_scale ON weighing(scale);
CREATE TRIGGER weighing_is_final BEFORE UPDATE ON weighing
  BEGIN SELECT RAISE(ABORT, 'the alibi memory is append-only'); END;
CREATE TRIGGER weighing_stays BEFORE DELETE ON weighing
  BEGIN SELECT RAISE(ABORT, 'the alibi memory is append-only'); END;
CREATE TABLE ticket(id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE, number TEXT UNIQUE, document TEXT NOT NULL);
CREATE TABLE number_series(series TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE open_ticket(
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, scale TEXT NOT NULL, vehicle TEXT NOT NULL,
  driver TEXT NOT NULL, operator TEXT NOT NULL, direction TEXT NOT NULL, declared_net_kg TEXT NOT NULL,
  "order" TEXT NOT NULL, lot TEXT NOT NULL, opened_at INTEGER NOT NULL, first_weighing TEXT NOT NULL DEFAULT '',
  second_weighing TEXT NOT NULL DEFAULT '');
)sql";

// A ticket's void is looked up by what it names: its own uid carries the epoch it was said in.
constexpr const char* kVoids =
    "CREATE INDEX ticket_voids ON ticket(json_extract(document, '$.voids')) WHERE number IS NULL";

// Lanes: after an outage new rows go first, so what is sent lies in pieces above the cursor. `holes` counts the ids between
// that are not there any more. The index finds documents without a walk through the backlog; a reading never enters it.
constexpr const char* kLanes = R"sql(
CREATE TABLE ahead(first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL);
ALTER TABLE delivery ADD COLUMN holes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tried ADD COLUMN first_id INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_document ON outbox(id) WHERE bits & 128;
)sql";

// A hash in each row that must be recognised as sound when the file is not (row_hash.h); NULL in rows made before. A
// span tells which epoch the rows from from_id on are of: salvaged rows stand between those of the present epoch.
// `salvage` is how far a database that was set aside has been put back, `salvage_missing` the ids not found so far.
constexpr const char* kRecovery = R"sql(
ALTER TABLE outbox ADD COLUMN hash INTEGER;
ALTER TABLE ticket ADD COLUMN hash INTEGER;
ALTER TABLE open_ticket ADD COLUMN hash INTEGER;
ALTER TABLE config ADD COLUMN hash INTEGER;
ALTER TABLE delivery ADD COLUMN hash INTEGER;
UPDATE delivery SET hash = edge_hash(sent_upto, sent, holes);
INSERT OR REPLACE INTO meta VALUES('inspect', '1');
CREATE TABLE span(from_id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, first_id INTEGER NOT NULL,
  provisional INTEGER NOT NULL, hash INTEGER NOT NULL);
INSERT OR REPLACE INTO span SELECT first_id, epoch, first_id, provisional,
  edge_hash(first_id, epoch, first_id, provisional) FROM epoch ORDER BY ordinal;
DROP TABLE epoch;
CREATE TABLE salvage(kept TEXT PRIMARY KEY, stage INTEGER NOT NULL, next_id INTEGER NOT NULL,
  put_back INTEGER NOT NULL, lost INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE salvage_missing(kept TEXT NOT NULL, from_id INTEGER NOT NULL, to_id INTEGER NOT NULL,
  PRIMARY KEY(kept, from_id)) WITHOUT ROWID;
)sql";

/// Step n brings version n to n + 1; only ever append.
constexpr std::array kSteps = {kFirst, kWeighbridge, kVoids, kLanes, kRecovery};

}  // namespace

int newest_schema() { return static_cast<int>(kSteps.size()); }

Result<void> migrate(SQLite::Database& db) {
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  if (version > newest_schema()) {
    return fail(Errc::kUnsupported, "the store has schema " + std::to_string(version) + ", this agent knows " +
                                        std::to_string(newest_schema()) + ": install the newer agent again");
  }
  if (version > 0 && db.execAndGet("PRAGMA application_id").getInt() != kApplicationId) {
    return fail(Errc::kCorrupt, "not a database of edge-agent");
  }
  for (int step = version; step < newest_schema(); ++step) {
    SQLite::Transaction transaction(db);
    db.exec(kSteps[static_cast<std::size_t>(step)]);
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    db.exec("PRAGMA user_version = " + std::to_string(step + 1));
    transaction.commit();
  }
  return {};
}

}  // namespace edge
