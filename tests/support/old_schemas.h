#pragma once
#include <array>

namespace edge::test {

/// What earlier agents made a store with, word for word; schema n is the first n of them.
inline constexpr std::array<const char*, 4> kOldSchemas = {
    R"sql(
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
)sql",
    R"sql(
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
)sql",
    "CREATE INDEX ticket_voids ON ticket(json_extract(document, '$.voids')) WHERE number IS NULL",
    R"sql(
CREATE TABLE ahead(first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL);
ALTER TABLE delivery ADD COLUMN holes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tried ADD COLUMN first_id INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_document ON outbox(id) WHERE bits & 128;
)sql"};

}  // namespace edge::test
