#include "agent/adapters/sqlite_store/torn_log.h"

#include <algorithm>

#include "agent/adapters/sqlite_store/log_check.h"
#include "agent/adapters/sqlite_store/page_scan.h"

namespace edge {
namespace {

/// The promised 200 ms, and a sync that took its time.
constexpr std::int64_t kLastMomentMs = 1'000;

}  // namespace

std::optional<TornLog> find_torn_log(const std::filesystem::path& database) {
  std::filesystem::path wal = database;
  wal += "-wal";
  const auto broken = find_broken_frame(wal);
  if (!broken) return std::nullopt;
  TornLog log;
  const PageScan pages(database, kPageBytes);
  for (std::size_t page = pages.database_pages() + *broken; page < pages.pages(); ++page) {
    pages.rows(
        page, [](RowId) { return true; },
        [&log](const StoredRow& row) { log.rows[row.id] = {row.received_at(), row.is_document()}; });
  }
  return log;
}

bool is_power_cut(const TornLog& log, RowId last_id, SyncLevel level) {
  const auto first = log.rows.upper_bound(last_id);
  if (first == log.rows.end()) return true;  // no row goes with it, and progress in sending is made again
  if (level == SyncLevel::kEachCommit) return false;
  std::int64_t oldest = first->second.received_at, newest = oldest;
  for (auto row = first; row != log.rows.end(); ++row) {
    if (row->second.document) return false;
    oldest = std::min(oldest, row->second.received_at);
    newest = std::max(newest, row->second.received_at);
  }
  return newest - oldest <= kLastMomentMs;
}

}  // namespace edge
