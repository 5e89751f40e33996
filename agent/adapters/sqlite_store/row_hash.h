#pragma once
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace edge {

/// 64 bits over the columns of a row, types included: damage that SQLite cannot see (its pages carry no checksum) comes
/// out when the row is read. XXH3, chained over pieces of kPiece bytes; no defence against a person who forges.
class RowHash {
 public:
  RowHash& nothing();
  RowHash& integer(std::int64_t value);
  RowHash& text(std::string_view value);
  RowHash& blob(std::string_view value);
  /// As the database keeps it: a signed number.
  std::int64_t value();

 private:
  static constexpr std::size_t kPiece = 1'024;
  void head(char type, std::int64_t number);
  void keep(std::string_view bytes);
  void flush();

  std::array<char, kPiece> piece_;  ///< the first used_ are set
  std::size_t used_ = 0;
  std::uint64_t seed_ = 0;
};

/// Over the first `columns` of the row at the statement's cursor.
std::int64_t hash_of(const SQLite::Statement& select, int columns);

/// The same for SQL, over its arguments: edge_hash(a, b, …).
void add_row_hash(SQLite::Database& db);

}  // namespace edge
