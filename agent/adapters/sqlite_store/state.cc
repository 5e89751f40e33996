#include <algorithm>
#include <string>

#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

bool is_granted_epoch(std::string_view epoch) {
  return !epoch.empty() && epoch.size() <= 18 && (epoch.front() != '0' || epoch.size() == 1) &&
         std::ranges::all_of(epoch, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<std::optional<std::string>> SqliteStore::load_config() {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.read([&]() -> Result<std::optional<std::string>> {
    SQLite::Statement select(*body.db,
                             "SELECT body FROM config WHERE id = 1 AND (hash IS NULL OR hash = edge_hash(body))");
    if (!select.executeStep()) return std::optional<std::string>{};
    return std::optional(select.getColumn(0).getString());
  });
}

Result<void> SqliteStore::save_config(std::string_view text) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.transact([&] {
    SQLite::Statement save(*body.db, "INSERT OR REPLACE INTO config(id, body, hash) VALUES(1, ?1, edge_hash(?1))");
    save.bind(1, std::string(text));
    save.exec();
  });
}

StoreIdentity SqliteStore::identity() const {
  const StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  const EpochSpan& now = body.epochs.back();
  return {now.epoch,     now.provisional, body.reason,         body.last_epoch,
          body.instance, body.corrupt_at, body.corrupt_kept_in, body.recovery()};
}

Result<void> SqliteStore::grant_epoch(std::string_view granted) {
  if (!is_granted_epoch(granted)) return fail(Errc::kMalformed, "an epoch is decimal digits");
  StoreBody& body = *body_;
  {
    const std::lock_guard lock(body.mutex);
    if (!body.last_epoch.empty() && !is_later_epoch(granted, body.last_epoch)) {
      return fail(Errc::kRefused,
                  "epoch " + std::string(granted) + " is not above " + body.last_epoch + ": its uids would come twice");
    }
    const RowId next = body.ledger.last_id + 1;
    const EpochSpan span{std::string(granted), next, false, next};
    auto stored = body.transact_in_reserve([&] {
      body.write_span(span);
      body.set_meta("last_epoch", span.epoch);
      body.set_meta("reason", "");
    });
    if (!stored) return stored;
    body.add_span(span);
    body.write_spans_file();
    body.last_epoch = span.epoch;
    body.reason.clear();
    if (body.timer) body.timer->committed();
  }
  if (body.timer) return body.timer->sync_now();
  return {};
}

StoreSize SqliteStore::size() const {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  StoreSize size;
  size.max_bytes = body.bounds.max;
  size.failure = body.durability_failure();
  const auto known = body.read([&]() -> Result<void> {
    const Usage used = body.usage();
    size.bytes = used.file_bytes;
    size.used_bytes = used.used_bytes;
    size.free_bytes = used.disk_free;
    if (used.disk_total > 0) {
      size.disk_used_pct = static_cast<int>((used.disk_total - used.disk_free) * 100 / used.disk_total);
    }
    size.rows = body.rows_kept();
    size.room_bytes = body.room_for_unsent(used);
    size.disk_short = !body.accepting && used.used_bytes < body.bounds.low;
    size.floor_bytes = body.floor();
    return {};
  });
  if (!known && size.failure.empty()) size.failure = known.error().detail;
  return size;
}

Result<void> SqliteStore::flush() {
  StoreBody& body = *body_;
  if (body.timer) {
    std::unique_lock before(body.mutex);
    const RowId committed = body.ledger.last_id;
    before.unlock();
    if (auto synced = body.timer->sync_now(); !synced) return synced;
    before.lock();
    body.synced_upto = std::max(body.synced_upto, committed);
  }
  const std::lock_guard lock(body.mutex);
  body.note_extent(false);
  return body.read([&]() -> Result<void> {
    body.db->execAndGet("PRAGMA wal_checkpoint(TRUNCATE)");
    return {};
  });
}

}  // namespace edge
