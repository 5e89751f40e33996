#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>

#include "agent/adapters/sqlite_store/sqlite_store.h"

namespace edge {

/// What SQLite is going to drop of a write-ahead log that breaks before its end (log_check.h).
struct TornLog {
  struct Row {
    std::int64_t received_at = 0;
    bool document = false;
  };
  std::map<RowId, Row> rows;  ///< sound ones in the frames from the broken one on
};

/// To be called before SQLite opens the database: its next commit takes the place of what it dropped. Nothing where the
/// log is whole or torn at its very end only.
std::optional<TornLog> find_torn_log(const std::filesystem::path& database);

/// Whether it may be what a power cut leaves: a disk writes what was not synced in any order, so a commit can stand behind
/// one that is missing. Never of documents (each is synced before a word of it), never at the level that syncs each
/// commit, and only of the last moment: older rows had been synced. Else it is damage. `last_id`: of the rows SQLite found.
bool is_power_cut(const TornLog& log, RowId last_id, SyncLevel level);

}  // namespace edge
