#include <algorithm>
#include <vector>

#include "agent/adapters/sqlite_store/counting.h"
#include "agent/adapters/sqlite_store/files.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

constexpr RowId kPurgeChunk = 1'000;            ///< rows of one transaction: a few ms
constexpr std::int64_t kPurgeEveryMs = 60'000;  ///< when nothing was left to purge
constexpr std::int64_t kWalEveryMs = 5'000;

std::int64_t number_of(SQLite::Statement& pragma) {
  Use use(pragma);
  return use->executeStep() ? use->getColumn(0).getInt64() : 0;
}

}  // namespace

Usage StoreBody::usage() {
  std::filesystem::path wal = file();
  wal += "-wal";
  const std::int64_t pages = number_of(statements->page_count);
  const std::int64_t free_pages = number_of(statements->free_pages);
  const std::int64_t wal_bytes = bytes_on_disk(wal), beside = wal_bytes + ballast.bytes();
  const DiskSpace disk = disk_space(options.dir);
  return {pages * page_bytes + beside, (pages - free_pages) * page_bytes + beside, disk.free_bytes, disk.total_bytes,
          wal_bytes};
}

void StoreBody::refresh_space() {
  try {
    const Usage used = usage();
    accepting = is_accepting(used, bounds, floor(), accepting);
    tight = used.used_bytes >= bounds.low;
    // A pause by the floor of free space ends this way too: the room that sent rows leave in the file is taken again.
    purges_all_sent =
        tight || !accepting || (!ballast.is_there() && used.used_bytes + ballast.full_bytes() * 2 >= bounds.low);
  } catch (const SQLite::Exception& e) {
    (void)recover(e);  // the append that comes next says what is wrong
  }
}

RowId StoreBody::purge_limit(std::int64_t cutoff) {
  SQLite::Statement select(*db, "SELECT ifnull(max(upto), 0) FROM sent_mark WHERE at <= ?");
  select.bind(1, cutoff);
  return select.executeStep() ? std::min(select.getColumn(0).getInt64(), ledger.sent_upto) : 0;
}

bool StoreBody::purge_sent(std::int64_t cutoff) {
  // Room is needed: what the server has needs no further word (design.md §6, thinning order).
  const RowId limit = purges_all_sent ? ledger.sent_upto : purge_limit(cutoff);
  std::vector<RowId> ids;
  {
    SQLite::Statement select(*db,
                             "SELECT id FROM outbox WHERE id BETWEEN ?1 AND ?2 AND id NOT IN "
                             "(SELECT id FROM exception WHERE id BETWEEN ?1 AND ?2) ORDER BY id LIMIT ?3");
    select.bind(1, purge_from);
    select.bind(2, limit);
    select.bind(3, static_cast<std::int64_t>(kPurgeChunk));
    while (select.executeStep()) ids.push_back(select.getColumn(0).getInt64());
  }
  if (ids.empty()) return false;
  const RowId to = ids.back();
  const bool uncounted = to > ledger.on_disk[kCountedUpto];
  const auto purged = transact([&] {
    if (uncounted) write_counters(ledger.counters, ledger.last_id);  // their tallies go with the rows
    SQLite::Statement row(*db, "DELETE FROM outbox WHERE id = ?");
    for (const RowId id : ids) {
      row.bind(1, id);
      row.exec();
      row.reset();
    }
    SQLite::Statement marks(*db, "DELETE FROM sent_mark WHERE upto <= ?");
    marks.bind(1, to);
    marks.exec();
  });
  if (purged) purge_from = to + 1;
  if (purged && uncounted) counters_written(ledger.last_id);
  return purged.has_value();
}

bool StoreBody::purge_sent_late(std::int64_t cutoff) {
  std::vector<RowId> ids;
  {
    SQLite::Statement select(*db, "SELECT id FROM exception WHERE state = 2 AND settled_at <= ? AND id <= ? LIMIT ?");
    select.bind(1, cutoff);
    select.bind(2, ledger.sent_upto);  // above it a row that is gone would be a hole
    select.bind(3, static_cast<std::int64_t>(kPurgeChunk));
    while (select.executeStep()) ids.push_back(select.getColumn(0).getInt64());
  }
  if (ids.empty()) return false;
  const bool uncounted = std::ranges::max(ids) > ledger.on_disk[kCountedUpto];
  const auto purged = transact([&] {
    if (uncounted) write_counters(ledger.counters, ledger.last_id);  // their tallies go with the rows
    for (const char* table : {"outbox", "exception"}) {
      SQLite::Statement remove(*db, std::string("DELETE FROM ") + table + " WHERE id = ?");
      for (const RowId id : ids) {
        remove.bind(1, id);
        remove.exec();
        remove.reset();
      }
    }
  });
  if (purged && uncounted) counters_written(ledger.last_id);
  return purged.has_value();
}

RowId StoreBody::first_sent() {
  SQLite::Statement select(*db, "SELECT id FROM outbox WHERE id NOT IN (SELECT id FROM exception) ORDER BY id LIMIT 1");
  return select.executeStep() ? select.getColumn(0).getInt64() : ledger.last_id + 1;
}

bool StoreBody::purge() {
  if (purge_from == 0) purge_from = first_sent();
  const std::int64_t mono = clock.mono_ms();
  if (!purges_all_sent && mono < next_purge_at) return false;
  const std::int64_t cutoff = retention_ms() - options.retain_sent.count();
  if (purge_sent(cutoff)) return true;
  if (purge_sent_late(purges_all_sent ? retention_ms() : cutoff)) return true;
  next_purge_at = mono + kPurgeEveryMs;
  return false;
}

// Made anew only where there is room for it twice over: it must not be what fills the store again.
void StoreBody::remake_ballast() {
  if (ballast.is_there() || !accepting || tight) return;
  const Usage used = usage();
  const bool roomy = used.used_bytes + ballast.full_bytes() * 2 < bounds.high &&
                     used.disk_free - ballast.full_bytes() * 2 > floor();
  if (roomy && ballast.make()) set_limits();
}

// It never shrinks by itself: the room it took while the server was caught up with would be missing for ever.
void StoreBody::give_wal_back() {
  std::filesystem::path wal = file();
  wal += "-wal";
  const std::int64_t now = clock.mono_ms();
  if (accepting || now < next_wal_end_at || bytes_on_disk(wal) == 0) return;
  next_wal_end_at = now + kWalEveryMs;
  db->execAndGet("PRAGMA wal_checkpoint(TRUNCATE)");
  refresh_space();
}

bool StoreBody::is_untold(RowId id) const {
  return id > ledger.sent_upto && first_tried(id) == 0 && !is_ahead(id);
}

Standing StoreBody::standing(RowId id, std::int64_t now) {
  if (id > ledger.sent_upto && !is_ahead(id)) return is_untold(id) ? Standing::kFresh : Standing::kBound;
  if (ledger.singled.contains(id)) return Standing::kBound;
  const auto exception = get_exception(id);
  const bool waits = exception && exception->state == RowState::kLater && exception->not_before > now;
  return waits ? Standing::kPutOff : Standing::kBound;
}

bool StoreBody::keep_house(std::int64_t now) {
  if (purge()) return true;
  if (bound_dead_letters()) return true;
  if (tight) return thinning.step(*this, now);
  give_wal_back();
  remake_ballast();
  return false;
}

bool StoreBody::housekeep(std::int64_t now) {
  refresh_space();
  if (audits > 0) return false;
  try {
    return keep_house(now);
  } catch (const SQLite::Exception& e) {
    (void)recover(e);
    return false;
  }
}

std::int64_t StoreBody::rows_sent() const {
  return std::max<RowId>(ledger.sent_upto - purge_from + 1, 0);
}

std::int64_t StoreBody::rows_kept() const {
  const std::int64_t behind = std::min<std::int64_t>(ledger.later + ledger.dead, std::max<RowId>(purge_from - 1, 0));
  return rows_sent() + ledger.last_id - ledger.sent_upto - ledger.holes + behind;
}

std::int64_t StoreBody::room_for_unsent(const Usage& used) const {
  const std::int64_t kept = rows_kept();
  const std::int64_t sent = kept > 0 ? used.used_bytes / kept * rows_sent() : 0;
  const std::int64_t on_disk = std::max<std::int64_t>(used.disk_free - floor(), 0);
  // The file may grow as far as the disk lets it; pages free in it can be used again anyway.
  const std::int64_t most = std::min(bounds.low, used.file_bytes + on_disk);
  return std::max<std::int64_t>(most - used.used_bytes + sent, 0);
}

void SqliteStore::keep_house(std::chrono::milliseconds budget) {
  const auto until = std::chrono::steady_clock::now() + budget;
  StoreBody& body = *body_;
  for (bool more = true; more && std::chrono::steady_clock::now() < until;) {
    const std::lock_guard lock(body.mutex);
    more = body.housekeep(body.clock.utc_ms());
  }
}

}  // namespace edge
