#include "agent/adapters/sqlite_store/stored_row.h"

#include <SQLiteCpp/Column.h>
#include <sqlite3.h>

#include <algorithm>
#include <charconv>

#include "agent/adapters/sqlite_store/row_codec.h"
#include "agent/adapters/sqlite_store/row_hash.h"
#include "protocols/bytes.h"
#include "protocols/record/identity.h"
#include "protocols/record/sha256.h"

namespace edge {
namespace {

// Positions in kRowColumns.
constexpr std::size_t kId = 0, kUid = 1, kSite = 2, kDevice = 3, kIndex = 5, kReceivedAt = 6, kBits = 8;
constexpr std::size_t kPacketId = 17, kRaw = 18, kRawSha = 20, kExtra = 21, kTally = 22;
constexpr auto kHash = static_cast<std::size_t>(kHashedColumns);

/// The last row folded into one is named by its id (Fold::last_row): that moves along.
void move_fold(std::string& extra, RowId by) {
  constexpr std::ptrdiff_t kBreaks = 5;  // fewer: of an agent that did not keep it
  if (!extra.starts_with("fold\n") || std::ranges::count(extra, '\n') != kBreaks) return;
  const std::size_t at = extra.rfind('\n') + 1;
  std::int64_t last_row = 0;
  const auto [end, error] = std::from_chars(extra.data() + at, extra.data() + extra.size(), last_row);
  if (error == std::errc{} && end == extra.data() + extra.size() && last_row > 0) {
    extra.replace(at, std::string::npos, std::to_string(last_row + by));
  }
}

}  // namespace

Values values_of(const SQLite::Statement& select) {
  Values values(static_cast<std::size_t>(select.getColumnCount()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const SQLite::Column column = select.getColumn(static_cast<int>(i));
    StoredValue& value = values[i];
    if (column.isNull()) continue;
    if (column.isInteger()) {
      value.type = StoredValue::Type::kInteger;
      value.number = column.getInt64();
    } else {
      value.type = column.isText() ? StoredValue::Type::kText : StoredValue::Type::kBlob;
      value.bytes = column.getString();
    }
  }
  return values;
}

std::int64_t hash_of(const Values& values, std::size_t count) {
  RowHash hash;
  for (std::size_t i = 0; i < count && i < values.size(); ++i) {
    const StoredValue& value = values[i];
    switch (value.type) {
      case StoredValue::Type::kNull:
        hash.nothing();
        break;
      case StoredValue::Type::kInteger:
        hash.integer(value.number);
        break;
      case StoredValue::Type::kText:
        hash.text(value.bytes);
        break;
      case StoredValue::Type::kBlob:
        hash.blob(value.bytes);
        break;
    }
  }
  return hash.value();
}

void bind_value(SQLite::Statement& statement, int at, const StoredValue& value) {
  switch (value.type) {
    case StoredValue::Type::kNull:
      statement.bind(at);
      break;
    case StoredValue::Type::kInteger:
      statement.bind(at, value.number);
      break;
    case StoredValue::Type::kText:
      statement.bind(at, value.bytes);
      break;
    case StoredValue::Type::kBlob:
      statement.bind(at, value.bytes.data(), static_cast<int>(value.bytes.size()));
      break;
  }
}

bool StoredRow::is_document() const { return is_document_row(values[kBits].number); }
std::int64_t StoredRow::received_at() const { return values[kReceivedAt].number; }

std::optional<RecentUid> StoredRow::recent() const {
  if (is_document()) return std::nullopt;
  RecentUid recent;
  recent.uid = to_hex(values[kUid].bytes);
  recent.site = values[kSite].bytes;
  recent.device = values[kDevice].bytes;
  recent.index = static_cast<int>(values[kIndex].number);
  recent.packet_id = static_cast<std::uint16_t>(values[kPacketId].number);
  recent.identity = identity_of(values[kBits].number);
  // As read_recent(): only such a row is found again by its payload.
  if (recent.identity == Identity::kReceived && recent.packet_id != 0) {
    const StoredValue& sha = values[kRawSha];
    recent.raw_sha256 = sha.type == StoredValue::Type::kNull ? sha256_hex(values[kRaw].bytes) : to_hex(sha.bytes);
  }
  return recent;
}

bool StoredRow::is_numbered_by(const std::string& gateway, const std::string& epoch, std::int64_t seq) const {
  return to_hex(values[kUid].bytes) == uid_of_sequence(gateway, epoch, "observation", std::to_string(seq));
}

std::optional<StoredRow> sound_row(Values values) {
  if (values.size() != kHash + 1 || values[kHash].type != StoredValue::Type::kInteger) return std::nullopt;
  if (values[kHash].number != hash_of(values, kHash)) return std::nullopt;
  StoredRow row;
  row.id = values[kId].number;
  values.pop_back();
  row.values = std::move(values);
  return row;
}

void bind_stored(SQLite::Statement& insert, RowId id, const StoredRow& row) {
  Values values = row.values;
  if (!row.is_document()) move_fold(values[kExtra].bytes, id - row.id);
  values[kId].number = id;
  values[kTally] = {StoredValue::Type::kInteger, 0, {}};
  for (std::size_t i = 0; i < values.size(); ++i) bind_value(insert, static_cast<int>(i) + 1, values[i]);
  insert.bind(static_cast<int>(kHash) + 1, hash_of(values, kHash));
}

}  // namespace edge
