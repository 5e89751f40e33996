#include "agent/adapters/sqlite_store/row_hash.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <cstring>

// The header alone: no shared library to install on a gateway.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace edge {
namespace {

std::string_view bytes_of(const void* data, int length) {
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(length)};
}

void hash_arguments(sqlite3_context* context, int count, sqlite3_value** values) {
  RowHash hash;
  for (int i = 0; i < count; ++i) {
    sqlite3_value* const value = values[i];
    switch (sqlite3_value_type(value)) {
      case SQLITE_NULL:
        hash.nothing();
        break;
      case SQLITE_INTEGER:
        hash.integer(sqlite3_value_int64(value));
        break;
      case SQLITE_TEXT: {
        const void* const text = sqlite3_value_text(value);  // before its length is asked for
        hash.text(bytes_of(text, sqlite3_value_bytes(value)));
        break;
      }
      default: {
        const void* const blob = sqlite3_value_blob(value);
        hash.blob(bytes_of(blob, sqlite3_value_bytes(value)));
      }
    }
  }
  sqlite3_result_int64(context, hash.value());
}

}  // namespace

void RowHash::flush() {
  seed_ = XXH3_64bits_withSeed(piece_.data(), used_, seed_);
  used_ = 0;
}

void RowHash::keep(std::string_view bytes) {
  if (bytes.size() > kPiece - used_) flush();
  if (bytes.size() > kPiece) {
    seed_ = XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed_);
    return;
  }
  if (!bytes.empty()) std::memcpy(piece_.data() + used_, bytes.data(), bytes.size());
  used_ += bytes.size();
}

void RowHash::head(char type, std::int64_t number) {
  std::array<char, 9> bytes;
  bytes[0] = type;
  for (std::size_t i = 0; i < 8; ++i) bytes[i + 1] = static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
  keep({bytes.data(), bytes.size()});
}

RowHash& RowHash::nothing() {
  head('n', 0);
  return *this;
}

RowHash& RowHash::integer(std::int64_t value) {
  head('i', value);
  return *this;
}

RowHash& RowHash::text(std::string_view value) {
  head('t', static_cast<std::int64_t>(value.size()));
  keep(value);
  return *this;
}

RowHash& RowHash::blob(std::string_view value) {
  head('b', static_cast<std::int64_t>(value.size()));
  keep(value);
  return *this;
}

std::int64_t RowHash::value() {
  flush();
  return static_cast<std::int64_t>(seed_);
}

std::int64_t hash_of(const SQLite::Statement& select, int columns) {
  RowHash hash;
  for (int i = 0; i < columns; ++i) {
    const SQLite::Column column = select.getColumn(i);
    switch (column.getType()) {
      case SQLITE_NULL:
        hash.nothing();
        break;
      case SQLITE_INTEGER:
        hash.integer(column.getInt64());
        break;
      case SQLITE_TEXT: {
        const char* const text = column.getText();
        hash.text(bytes_of(text, column.getBytes()));
        break;
      }
      default: {
        const void* const blob = column.getBlob();
        hash.blob(bytes_of(blob, column.getBytes()));
      }
    }
  }
  return hash.value();
}

void add_row_hash(SQLite::Database& db) {
  const int done = sqlite3_create_function_v2(db.getHandle(), "edge_hash", -1,
                                              SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
                                              hash_arguments, nullptr, nullptr, nullptr);
  if (done != SQLITE_OK) throw SQLite::Exception("no hash of rows", done);
}

}  // namespace edge
