#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <random>
#include <system_error>

#include "agent/adapters/sqlite_store/counting.h"
#include "agent/adapters/sqlite_store/extent.h"
#include "agent/adapters/sqlite_store/files.h"
#include "agent/adapters/sqlite_store/row_hash.h"
#include "agent/adapters/sqlite_store/schema.h"
#include "agent/adapters/sqlite_store/store_body.h"
#include "agent/adapters/sqlite_store/upkeep.h"
#include "protocols/bytes.h"

namespace edge {
namespace fs = std::filesystem;

namespace {

void expect(SQLite::Database& db, const std::string& pragma, const std::string& wanted) {
  const std::string got = db.execAndGet("PRAGMA " + pragma).getString();
  if (got != wanted) throw SQLite::Exception("PRAGMA " + pragma + " is " + got + ", not " + wanted, SQLITE_ERROR);
}

/// What a file is checked for before a start that follows an unclean end: all of it while it is small, else the newest
/// rows. A full check of a large file takes minutes on flash and intake would wait for it: inspection.h does it behind.
void check(SQLite::Database& db, bool thorough) {
  constexpr int kNewest = 10'000;
  if (thorough) {
    const std::string verdict = db.execAndGet("PRAGMA quick_check(1)").getString();
    if (verdict != "ok") throw SQLite::Exception("quick_check: " + verdict, SQLITE_CORRUPT);
    return;
  }
  SQLite::Statement newest(db, "SELECT sum(length(raw)) FROM (SELECT raw FROM outbox ORDER BY id DESC LIMIT ?)");
  newest.bind(1, kNewest);
  newest.executeStep();
  db.execAndGet("SELECT count(*) FROM exception");
  SQLite::Statement links(db,
                          "SELECT sum(length(document)) FROM (SELECT document FROM weighing ORDER BY id DESC LIMIT ?)");
  links.bind(1, kNewest);
  links.executeStep();
}

/// What can be seen without SQLite. It deletes a WAL whose database is missing or empty; and what it once found damaged
/// is not opened again.
std::string damage_before_opening(const StoreBody& body) {
  fs::path wal = body.file();
  wal += "-wal";
  if (bytes_on_disk(body.file()) == 0 && bytes_on_disk(wal) > 0) return "a WAL without its database";
  if (!fs::exists(body.suspect_mark())) return {};
  std::string why;
  std::ifstream in(body.suspect_mark());
  std::getline(in, why);
  return why.empty() ? "damage was seen" : why;
}

}  // namespace

Error to_error(const SQLite::Exception& e, const fs::path& file) {
  const int code = e.getErrorCode() & 0xFF;
  const std::string detail = file.string() + ": " + e.what();
  switch (code) {
    case SQLITE_FULL:
      return {Errc::kFull, detail};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Errc::kCorrupt, detail};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Errc::kRefused, "another process holds " + file.string()};
    default:
      return {Errc::kIo, detail};
  }
}

SQLite::Database open_connection(const fs::path& file, SyncLevel level) {
  SQLite::Database db(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX);
  add_row_hash(db);
  // Closing must not checkpoint a file that turns out damaged: what is set aside stays as it was found.
  sqlite3_db_config(db.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // Both before WAL: the page size is fixed by it, and exclusive locking first means no shared-memory index at all.
  db.exec("PRAGMA page_size = " + std::to_string(kPageBytes));
  expect(db, "locking_mode = exclusive", "exclusive");
  expect(db, "journal_mode = wal", "wal");
  db.exec("PRAGMA secure_delete = off");
  db.exec("PRAGMA temp_store = memory");
  db.exec("PRAGMA mmap_size = 0");
  db.exec(level == SyncLevel::kEachCommit ? "PRAGMA synchronous = full" : "PRAGMA synchronous = normal");
  expect(db, "locking_mode", "exclusive");
  expect(db, "journal_mode", "wal");
  expect(db, "secure_delete", "0");
  expect(db, "temp_store", "2");
  expect(db, "synchronous", level == SyncLevel::kEachCommit ? "2" : "1");
  return db;
}

Statements::Statements(SQLite::Database& db)
    : begin(db, "BEGIN IMMEDIATE"),
      commit(db, "COMMIT"),
      insert(db, std::string("INSERT INTO outbox(") + kRowColumns +
                     ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
      put_counter(db, "INSERT OR REPLACE INTO counter(name, value) VALUES(?1, ?2)"),
      fresh(db, std::string("SELECT ") + kRowColumns + " FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2"),
      region(db, std::string("SELECT ") + kRowColumns +
                     " FROM outbox WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3"),
      documents(db, "SELECT id FROM outbox WHERE bits & 128 AND id > ?1 AND id <= ?2 ORDER BY id"),
      // A day ahead is no back-off: the clock has been set back since.
      due(db,
          "SELECT id FROM exception WHERE state = 0 AND (not_before <= ?1 OR not_before > ?1 + 86400000) "
          "ORDER BY not_before LIMIT ?2"),
      all_put_off(db, "SELECT id FROM exception WHERE state = 0 ORDER BY id LIMIT ?1"),
      received_at(db,
                  "SELECT received_at FROM outbox o WHERE id > ?1 AND NOT EXISTS "
                  "(SELECT 1 FROM exception WHERE id = o.id AND state <> 0) ORDER BY id LIMIT 1"),
      set_cursor(db,
                 "UPDATE delivery SET sent_upto = ?1, sent = ?2, holes = ?3, hash = edge_hash(?1, ?2, ?3) "
                 "WHERE sink = 'frappe'"),
      put_exception(db,
                    "INSERT OR REPLACE INTO exception(id, state, not_before, first_tried_at, first_refused_at, "
                    "put_off, settled_at) VALUES(?,?,?,?,?,?,?)"),
      get_exception(db,
                    "SELECT id, state, not_before, first_tried_at, first_refused_at, put_off, settled_at "
                    "FROM exception WHERE id = ?1"),
      page_count(db, "PRAGMA page_count"),
      free_pages(db, "PRAGMA freelist_count") {}

StoreBody::StoreBody(const StoreOptions& opts, const Clock& clk, LockFile held)
    : options(opts),
      clock(clk),
      lock(std::move(held)),
      instance(random_hex(16)),
      ballast(opts.dir / "ballast", opts.ballast_bytes) {}

StoreBody::~StoreBody() {
  const bool sound = statements && durability_failure().empty() && damage.empty();
  timer.reset();
  if (sound) {
    const std::lock_guard guard(mutex);
    // Without this mark the next start checks the file: damaged rows may not have come alone.
    if (damaged_rows == 0) (void)transact([&] { set_meta("clean", "1"); });
    note_extent(true);
    sqlite3_db_config(db->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  }
  statements.reset();
  db.reset();
  if (wal_fd >= 0) ::close(wal_fd);
}

Error StoreBody::recover(const SQLite::Exception& e) {
  // An error may have ended the transaction by itself; only SQLite knows.
  if (sqlite3_get_autocommit(db->getHandle()) == 0) db->tryExec("ROLLBACK");
  Error error = to_error(e, file());
  if (e.getExtendedErrorCode() == SQLITE_IOERR_FSYNC) sync_failure = error.detail;
  if (error.code == Errc::kCorrupt) {
    suspect(error.detail);
    unreadable = true;
  }
  return error;
}

std::string StoreBody::meta(const char* key) {
  SQLite::Statement select(*db, "SELECT value FROM meta WHERE key = ?");
  select.bind(1, key);
  return select.executeStep() ? select.getColumn(0).getString() : std::string();
}

void StoreBody::set_meta(const char* key, const std::string& value) {
  SQLite::Statement insert(*db, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)");
  insert.bind(1, key);
  insert.bind(2, value);
  insert.exec();
}

void StoreBody::set_limits(std::int64_t reserve_in_use) {
  const std::int64_t bytes = bounds.max - bounds.wal - bounds.reserve - ballast.bytes() + reserve_in_use;
  const std::int64_t pages = std::max<std::int64_t>(bytes / page_bytes, 64);
  // Never below what is used: SQLite sees to it. None of these can fail in a way that matters.
  db->tryExec("PRAGMA max_page_count = " + std::to_string(pages));
  // Half of what is kept for the WAL: a transaction that runs while a checkpoint is due still fits in.
  const std::int64_t wal_pages = std::clamp<std::int64_t>(bounds.wal / 2 / (page_bytes + 24), 16, 4000);
  db->tryExec("PRAGMA wal_autocheckpoint = " + std::to_string(wal_pages));
  db->tryExec("PRAGMA journal_size_limit = " + std::to_string(bounds.wal));
}

void StoreBody::load_ledger() {
  SQLite::Statement delivery(*db,
                             "SELECT sent_upto, sent, holes, hash = edge_hash(sent_upto, sent, holes) FROM delivery "
                             "WHERE sink = 'frappe'");
  if (!delivery.executeStep() || delivery.getColumn(3).getInt() != 1) {
    throw SQLite::Exception("no delivery cursor as it was written", SQLITE_CORRUPT);
  }
  ledger.sent_upto = delivery.getColumn(0).getInt64();
  ledger.sent = delivery.getColumn(1).getInt64();
  ledger.holes = delivery.getColumn(2).getInt64();
  SQLite::Statement ahead(*db, "SELECT first_id, last_id FROM ahead ORDER BY first_id");
  while (ahead.executeStep()) ledger.ahead.push_back({ahead.getColumn(0).getInt64(), ahead.getColumn(1).getInt64()});
  // Purged rows leave no trace but these: an id must never be given twice.
  const RowId newest = db->execAndGet("SELECT ifnull(max(id), 0) FROM outbox").getInt64();
  ledger.last_id = std::max({newest, ledger.sent_upto, epochs.back().from_id - 1});
  if (!ledger.ahead.empty()) ledger.last_id = std::max(ledger.last_id, ledger.ahead.back().last_id);
  SQLite::Statement singled(*db,
                            "SELECT id FROM exception e WHERE id > ? AND NOT EXISTS "
                            "(SELECT 1 FROM ahead WHERE e.id BETWEEN first_id AND last_id)");
  singled.bind(1, ledger.sent_upto);
  while (singled.executeStep()) ledger.singled.insert(singled.getColumn(0).getInt64());
  ledger.later = db->execAndGet("SELECT count(*) FROM exception WHERE state = 0").getInt64();
  ledger.dead = db->execAndGet("SELECT count(*) FROM dead_letter").getInt64();
  ledger.last_mark_at = db->execAndGet("SELECT ifnull(max(at), 0) FROM sent_mark").getInt64();
  retention_base_ms = (ledger.last_mark_at > 0 ? ledger.last_mark_at : clock.utc_ms()) - clock.mono_ms();
  SQLite::Statement tried(*db, "SELECT last_id, at, first_id FROM tried ORDER BY last_id");
  while (tried.executeStep()) {
    ledger.tried.push_back(
        {tried.getColumn(0).getInt64(), tried.getColumn(1).getInt64(), tried.getColumn(2).getInt64()});
  }
  SQLite::Statement counter(*db, "SELECT name, value FROM counter");
  while (counter.executeStep()) ledger.on_disk[counter.getColumn(0).getString()] = counter.getColumn(1).getInt64();
  ledger.counters = ledger.on_disk;
  ledger.counters.erase(kCountedUpto);
  SQLite::Statement tallies(*db, "SELECT tally, count(*) FROM outbox WHERE id > ? GROUP BY tally");
  tallies.bind(1, ledger.on_disk[kCountedUpto]);
  while (tallies.executeStep()) {
    add_tally(tallies.getColumn(0).getInt(), tallies.getColumn(1).getInt64(), ledger.counters);
  }
}

/// A log that is cut short looks to SQLite like one that was never longer, and the numbers of the rows it held would be
/// given again.
void StoreBody::miss_no_rows() {
  const auto noted = read_extent(options.dir);
  if (!noted || !noted->complete || noted->store != store_id || noted->synced_upto <= ledger.last_id) return;
  throw SQLite::Exception("the newest rows are gone: " + std::to_string(noted->synced_upto - ledger.last_id) +
                              " that were on the disk",
                          SQLITE_CORRUPT);
}

Result<void> StoreBody::start_sync() {
  fs::path wal = file();
  wal += "-wal";
  // What an earlier process left in the page cache counts as known (a redelivery of it is acknowledged at once): the
  // checkpoint writes it out of the cache again and syncs, even where that process died of a failed sync.
  SQLite::Statement checkpoint(*db, "PRAGMA wal_checkpoint(TRUNCATE)");
  if (checkpoint.executeStep() && checkpoint.getColumn(0).getInt() != 0) {
    return fail(Errc::kRefused, "another process reads " + file().string());
  }
  if (auto synced = sync_directory(options.dir); !synced) return synced;
  if (options.level == SyncLevel::kEachCommit) return {};
  // An own descriptor of the WAL: a sync through SQLite would hold the connection, and with it every append, for as
  // long as the disk takes. Commits are in the WAL or, after a checkpoint, synced in the database: this covers all. The
  // WAL carries no POSIX locks that closing it could drop, and SQLite keeps the file until the connection closes.
  wal_fd = ::open(wal.c_str(), O_RDWR | O_CLOEXEC);
  if (wal_fd < 0) return tl::unexpected(io_error("cannot open", wal, errno));
  timer = std::make_unique<SyncTimer>([fd = wal_fd, wal] { return sync_descriptor(fd, wal); }, SyncTimer::Times{});
  return {};
}

Result<void> StoreBody::open(std::string_view new_reason, const std::string& kept_in) {
  try {
    db = std::make_unique<SQLite::Database>(open_connection(file(), options.level));
    if (auto migrated = migrate(*db); !migrated) return migrated;
    constexpr std::int64_t kQuick = 16LL << 20;
    if (meta("clean") == "0") check(*db, bytes_on_disk(file()) <= kQuick);
    {
      SQLite::Statement(*db, "BEGIN IMMEDIATE").exec();
      load_facts(new_reason, kept_in);
      load_ledger();
      notice_copy();
      miss_no_rows();
      SQLite::Statement(*db, "COMMIT").exec();
    }
    write_spans_file();
    load_chain_heads();
    page_bytes = db->execAndGet("PRAGMA page_size").getInt64();
    set_limits();
    if (auto started = start_sync(); !started) return started;
    statements = std::make_unique<Statements>(*db);
    synced_upto = ledger.last_id;
    note_extent(false);  // from now on rows may come behind what is noted
  } catch (const SQLite::Exception& e) {
    return tl::unexpected(to_error(e, file()));
  } catch (const std::logic_error& e) {
    return fail(Errc::kCorrupt, file().string() + ": " + e.what());  // a number in meta that is none
  }
  refresh_space();
  housekeep(clock.utc_ms());
  return {};
}

SqliteStore::SqliteStore(std::unique_ptr<StoreBody> body) : body_(std::move(body)) {}
SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const StoreOptions& options, const Clock& clock) {
  if (auto made = make_directories(options.dir); !made) return tl::unexpected(made.error());
  std::error_code error;
  std::string reason = "new_store", kept_in;
  const auto waiting = kept_to_salvage(options.dir);
  if (!fs::exists(options.dir / "edge.sqlite") && !waiting.empty()) {  // a kill between the two, at an earlier start
    reason = "corrupt";
    kept_in = waiting.front().string();
  }
  for (bool first = true;;) {
    auto lock = LockFile::take(options.dir);
    if (!lock) return tl::unexpected(lock.error());
    auto body = std::make_unique<StoreBody>(options, clock, std::move(*lock));
    const std::string damage = damage_before_opening(*body);
    auto opened = damage.empty() ? body->open(reason, kept_in) : Result<void>(fail(Errc::kCorrupt, damage));
    if (opened) {
      std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(body)));
      if (options.upkeep) store->upkeep_ = std::make_unique<Upkeep>(*store->body_);
      return store;
    }
    // Not a byte for the marks of a start: what is kept for such a day goes now.
    if (opened.error().code == Errc::kFull && body->ballast.release()) continue;
    if (!first || opened.error().code != Errc::kCorrupt) return tl::unexpected(opened.error());
    first = false;
    // Never loop, never refuse to start: the file is kept for salvage, work goes on in a new one.
    body->statements.reset();
    body->db.reset();
    auto kept = set_aside(body->file(), "corrupt-", clock.utc_ms());
    if (!kept) return tl::unexpected(kept.error());
    reason = "corrupt";
    kept_in = kept->string();
    fs::remove(body->suspect_mark(), error);
  }
}

}  // namespace edge
