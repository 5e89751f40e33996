#pragma once
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/ports/store.h"

namespace edge {

/// A value as the database keeps it.
struct StoredValue {
  enum class Type { kNull, kInteger, kText, kBlob };
  Type type = Type::kNull;
  std::int64_t number = 0;
  std::string bytes;
};
using Values = std::vector<StoredValue>;

/// The row at the statement's cursor.
Values values_of(const SQLite::Statement& select);
/// As edge_hash() of SQL.
std::int64_t hash_of(const Values& values, std::size_t count);
/// Copies `value` into parameter `at`.
void bind_value(SQLite::Statement& statement, int at, const StoredValue& value);

/// A row of the outbox whose hash holds; `values` in the order of kRowColumns, without the hash.
struct StoredRow {
  RowId id = 0;
  Values values;

  bool is_document() const;
  /// What the window of latest uids needs of it; nothing for a document.
  std::optional<RecentUid> recent() const;
  std::int64_t received_at() const;
  /// Whether its uid is the one of that epoch and seq (wire.md §2).
  bool is_numbered_by(const std::string& gateway, const std::string& epoch, std::int64_t seq) const;
};

/// Nothing where it carries no hash or another one. `values` with the hash at the end.
std::optional<StoredRow> sound_row(Values values);

/// Binds all of kRowColumns with another id; nothing of it counts as a reading of a message (counting.h).
void bind_stored(SQLite::Statement& insert, RowId id, const StoredRow& row);

}  // namespace edge
