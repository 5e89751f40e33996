#include <algorithm>
#include <vector>

#include "agent/adapters/sqlite_store/counting.h"
#include "agent/adapters/sqlite_store/files.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

constexpr RowId kPurgeChunk = 1'000;            ///< rows of one transaction: a few ms
constexpr std::int64_t kPurgeEveryMs = 60'000;  ///< when nothing was left to purge

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
  const std::int64_t beside = bytes_on_disk(wal) + ballast.bytes();
  const DiskSpace disk = disk_space(options.dir);
  return {pages * page_bytes + beside, (pages - free_pages) * page_bytes + beside, disk.free_bytes, disk.total_bytes};
}

void StoreBody::refresh_space() {
  try {
    accepting = is_accepting(usage(), bounds, options.min_free, accepting);
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
  const RowId limit = accepting ? purge_limit(cutoff) : ledger.sent_upto;
  if (purge_from == 0) purge_from = db->execAndGet("SELECT ifnull(min(id), 1) FROM outbox").getInt64();
  if (purge_from > limit) return false;
  const RowId to = std::min(purge_from + kPurgeChunk - 1, limit);
  const bool uncounted = to > ledger.on_disk[kCountedUpto];
  const auto purged = transact([&] {
    if (uncounted) write_counters(ledger.counters, ledger.last_id);  // their tallies go with the rows
    SQLite::Statement rows(*db,
                           "DELETE FROM outbox WHERE id BETWEEN ?1 AND ?2 AND id NOT IN "
                           "(SELECT id FROM exception WHERE id BETWEEN ?1 AND ?2)");
    rows.bind(1, purge_from);
    rows.bind(2, to);
    rows.exec();
    SQLite::Statement marks(*db, "DELETE FROM sent_mark WHERE upto <= ?");
    marks.bind(1, to);
    marks.exec();
  });
  if (purged) purge_from = to + 1;
  if (purged && uncounted) counters_written(ledger.last_id);
  return purged && to < limit;
}

void StoreBody::purge_sent_late(std::int64_t cutoff) {
  std::vector<RowId> ids;
  {
    SQLite::Statement select(*db, "SELECT id FROM exception WHERE state = 2 AND settled_at <= ? AND id <= ? LIMIT ?");
    select.bind(1, cutoff);
    select.bind(2, ledger.sent_upto);  // above it a row that is gone would be a hole
    select.bind(3, static_cast<std::int64_t>(kPurgeChunk));
    while (select.executeStep()) ids.push_back(select.getColumn(0).getInt64());
  }
  if (ids.empty()) return;
  (void)transact([&] {
    for (const char* table : {"outbox", "exception"}) {
      SQLite::Statement remove(*db, std::string("DELETE FROM ") + table + " WHERE id = ?");
      for (const RowId id : ids) {
        remove.bind(1, id);
        remove.exec();
        remove.reset();
      }
    }
  });
}

void StoreBody::housekeep(std::int64_t now) {
  refresh_space();
  const std::int64_t mono = clock.mono_ms();
  if (audits > 0 || (accepting && mono < next_purge_at)) return;
  try {
    const bool more = purge_sent(now - options.retain_sent.count());
    purge_sent_late(accepting ? now - options.retain_sent.count() : now);
    if (!more) next_purge_at = mono + kPurgeEveryMs;
    // Made anew only where there is room for it twice over: it must not be what fills the store again.
    if (!ballast.is_there() && accepting && !more) {
      const Usage used = usage();
      const bool roomy = used.used_bytes + ballast.full_bytes() * 2 < bounds.high &&
                         used.disk_free - ballast.full_bytes() * 2 > options.min_free;
      if (roomy && ballast.make()) set_limits();
    }
  } catch (const SQLite::Exception& e) {
    (void)recover(e);
  }
}

}  // namespace edge
