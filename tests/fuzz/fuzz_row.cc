// Any row of a damaged store: it is read without harm, and what was read can be sent or is said to be broken.
#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <string>

#include "agent/adapters/sqlite_store/row_codec.h"
#include "check.h"
#include "protocols/bytes.h"
#include "protocols/wire/batch.h"
#include "protocols/wire/records.h"

namespace {

using namespace edge;

constexpr int kColumns = kHashedColumns + 1;

SQLite::Statement& any_row() {
  static SQLite::Database db(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  static SQLite::Statement select(db, [] {
    std::string sql = "SELECT ?1";
    for (int at = 2; at <= kColumns; ++at) sql += ", ?" + std::to_string(at);
    return sql;
  }());
  return select;
}

/// Takes a value of any of SQLite's types off the front and binds it.
void bind_any(SQLite::Statement& select, int at, std::string_view& bytes) {
  const auto next = [&] {
    if (bytes.empty()) return 0U;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    return static_cast<unsigned>(byte);
  };
  const unsigned kind = next();
  const std::size_t length = std::min<std::size_t>(kind / 8, bytes.size());
  const std::string text(bytes.substr(0, kind % 8 < 2 ? length : 0));
  bytes.remove_prefix(text.size());
  std::int64_t number = static_cast<std::int64_t>(next());
  switch (kind % 8) {
    case 0:
      return select.bind(at, text);
    case 1:
      return select.bind(at, text.data(), static_cast<int>(text.size()));
    case 2:
      return select.bind(at);
    case 3:
      return select.bind(at, static_cast<double>(number) / 3.0);
    case 4:
      for (int byte = 0; byte < 7; ++byte) number = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) << 8U | next());
      return select.bind(at, number);
    default:
      return select.bind(at, number);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view rest = view(bytes, size);
  SQLite::Statement& select = any_row();
  select.reset();
  for (int at = 1; at <= kColumns; ++at) bind_any(select, at, rest);
  check(select.executeStep(), "there is a row");
  const Observation row = read_row(select);
  const std::string document = read_document(select);
  static_cast<void>(read_recent(select));
  static_cast<void>(read_brief(select));
  static_cast<void>(is_intact(select));
  const std::string json = document.empty() ? wire::encode_observation({row.uid, 1, row.site, "1"}, row) : document;
  if (document.empty()) check(is_utf8(json), "what is sent is UTF-8");
  const auto record = wire::decode(json);
  if (!record) check(!record.error().detail.empty(), "or it is said why not");
  return 0;
}
