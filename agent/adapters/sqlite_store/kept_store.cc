#include "agent/adapters/sqlite_store/kept_store.h"

#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "agent/adapters/sqlite_store/extent.h"
#include "agent/adapters/sqlite_store/files.h"
#include "agent/adapters/sqlite_store/row_codec.h"
#include "agent/adapters/sqlite_store/row_hash.h"
#include "agent/adapters/sqlite_store/salvage.h"

namespace edge {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kLeastRowBytes = 48;  ///< of the outbox

/// Nothing where that cannot be read.
template <class Work>
auto tolerant(const Work& work) -> std::optional<decltype(work())> {
  try {
    return work();
  } catch (const SQLite::Exception&) {
    return std::nullopt;
  }
}

std::vector<EpochSpan> read_spans(SQLite::Database& db, const char* sql) {
  std::vector<EpochSpan> spans;
  SQLite::Statement select(db, sql);
  while (select.executeStep()) {
    if (select.getColumnCount() > 4 && select.getColumn(4).getInt() != 1) return {};
    spans.push_back({select.getColumn(1).getString(), select.getColumn(2).getInt64(), select.getColumn(3).getInt() != 0,
                     select.getColumn(0).getInt64()});
  }
  return spans;
}

std::vector<EpochSpan> read_spans_file(const fs::path& dir) {
  std::vector<EpochSpan> spans;
  std::ifstream in(spans_file(dir));
  EpochSpan span;
  int provisional = 0;
  while (in >> span.from_id >> span.first_id >> provisional >> span.epoch) {
    span.provisional = provisional != 0;
    spans.push_back(span);
  }
  return spans;
}

const EpochSpan* find(const std::vector<EpochSpan>& spans, RowId id) {
  const auto after = std::ranges::upper_bound(spans, id, {}, &EpochSpan::from_id);
  return after == spans.begin() ? nullptr : &*std::prev(after);
}

}  // namespace

RowId KeptStore::most_unknown(RowId upto) const {
  if (noted_ && noted_->closed) return 0;
  return std::max<RowId>(sure_upto() + kMostUnnoted - std::max(upto, sure_upto()), 0);
}

bool KeptDelivery::is_unsent(RowId id) const {
  return !cursor_known || !exceptions_known || id > sent_upto || exceptions.contains(id);
}

RowId KeptDelivery::next_unsent(RowId id) const {
  if (is_unsent(id)) return id;
  const auto next = exceptions.lower_bound(id);
  return std::min(sent_upto + 1, next == exceptions.end() ? sent_upto + 1 : next->first);
}

KeptStore::KeptStore(fs::path dir) : dir_(std::move(dir)) {
  const fs::path file = dir_ / "edge.sqlite";
  // SQLite deletes the WAL beside an empty database.
  if (bytes_on_disk(file) > 0) {
    try {
      auto db = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
      sqlite3_db_config(db->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
      sqlite3_busy_timeout(db->getHandle(), 1'000);
      add_row_hash(*db);
      db->exec("PRAGMA locking_mode = exclusive");
      db->exec("PRAGMA query_only = on");
      db->exec("PRAGMA writable_schema = on");  // reads on where the header says more pages than there are
      db->exec("PRAGMA cell_size_check = on");
      db->execAndGet("SELECT count(*) FROM sqlite_master");
      db_ = std::move(db);
    } catch (const SQLite::Exception& e) {
      busy_ = e.getErrorCode() == SQLITE_BUSY;
    }
  }
  load_spans();
  load_delivery();
}

void KeptStore::load_spans() {
  const auto beside = read_spans_file(dir_);
  std::optional<std::vector<EpochSpan>> inside;
  if (db_) {
    inside = tolerant([&] { return read_spans(*db_, kSpanColumns); });
    if (!inside) {
      inside = tolerant([&] {
        return read_spans(*db_, "SELECT first_id, epoch, first_id, provisional FROM epoch ORDER BY ordinal");
      });
    }
  }
  const bool usable = inside && !inside->empty();
  spans_ = usable ? *std::move(inside) : beside;
  if (usable) other_spans_ = beside;
}

void KeptStore::load_delivery() {
  load_extent();
  if (!db_) return;
  tolerant([&] {
    SQLite::Statement select(*db_, "SELECT sent_upto, hash = edge_hash(sent_upto, sent, holes), holes FROM delivery");
    if (!select.executeStep()) return false;
    if (select.getColumn(1).getInt() != 1) return false;
    delivery_.sent_upto = select.getColumn(0).getInt64();
    delivery_.holes = select.getColumn(2).getInt64();
    delivery_.cursor_known = true;
    return true;
  });
  delivery_.exceptions_known = tolerant([&] {
    SQLite::Statement select(*db_, "SELECT id, state FROM exception ORDER BY id");
    while (select.executeStep()) delivery_.exceptions[select.getColumn(0).getInt64()] = select.getColumn(1).getInt();
    return true;
  }).has_value();
  tolerant([&] {
    SQLite::Statement select(*db_, "SELECT id FROM dead_letter");
    while (select.executeStep()) delivery_.letters.insert(select.getColumn(0).getInt64());
    return true;
  });
}

std::optional<DeadLetter> KeptStore::letter(RowId id) const {
  if (!delivery_.letters.contains(id)) return std::nullopt;
  const auto found = table("dead_letter", "id", "at, status, code, field, message", id, id);
  using Type = StoredValue::Type;
  if (found.size() != 1 || found[0].size() != 6 || found[0][1].type != Type::kInteger) return std::nullopt;
  const Values& said = found[0];
  for (std::size_t i = 2; i < said.size(); ++i) {
    if (said[i].type != Type::kText) return std::nullopt;
  }
  DeadLetter letter;
  letter.id = id;
  letter.at = said[1].number;
  letter.status = said[2].bytes;
  letter.code = said[3].bytes;
  letter.field = said[4].bytes;
  letter.message = said[5].bytes;
  return letter;
}

/// What was noted beside the database is older than it, so more counts as unsent than is: the server knows.
void KeptStore::load_extent() {
  noted_ = read_extent(dir_);
  if (!noted_) return;
  delivery_.noted_upto = noted_->last_id;
  delivery_.sent_upto = noted_->sent_upto;
  delivery_.cursor_known = true;
}

const EpochSpan* KeptStore::span_of(RowId id) const { return find(spans_, id); }

const EpochSpan* KeptStore::span_of(const StoredRow& row, const std::string& gateway) const {
  // Nothing protects the spans; but a uid made of epoch and seq proves which one is right.
  const EpochSpan* const first = find(spans_, row.id);
  const EpochSpan* const second = find(other_spans_, row.id);
  for (const EpochSpan* span : {first, second}) {
    if (span != nullptr && row.is_numbered_by(gateway, span->epoch, row.id - span->first_id + 1)) return span;
  }
  return first != nullptr ? first : second;
}

RowId KeptStore::sure_upto() const {
  RowId known = delivery_.noted_upto;
  if (delivery_.cursor_known) known = std::max(known, delivery_.sent_upto);
  if (!spans_.empty()) known = std::max(known, spans_.back().from_id - 1);
  return known;
}

RowId KeptStore::last_id(const std::string& table, std::int64_t least_row_bytes) const {
  RowId known = table == "outbox" ? sure_upto() : 0;
  if (table == "weighing" && noted_) known = noted_->last_weighing;
  fs::path wal = dir_ / "edge.sqlite-wal";
  const RowId most = known + (bytes_on_disk(dir_ / "edge.sqlite") + bytes_on_disk(wal)) / least_row_bytes;
  if (!db_) return most;
  const auto found = tolerant([&] { return db_->execAndGet("SELECT ifnull(max(id), 0) FROM " + table).getInt64(); });
  // A damaged id may be any number: nobody walks to that one.
  return found && *found <= most ? std::max(*found, known) : most;
}

std::pair<RowId, RowId> KeptStore::row_ids() const {
  if (!db_) return {0, 0};
  RowId first = delivery_.next_unsent(1);
  if (first == 1) {
    first = tolerant([&] { return db_->execAndGet("SELECT ifnull(min(id), 1) FROM outbox").getInt64(); }).value_or(1);
  }
  return {std::max<RowId>(first, 1), last_id("outbox", kLeastRowBytes)};
}

void KeptStore::collect(const std::string& sql, RowId from, RowId to, std::vector<Values>& out) const {
  auto select = tolerant([&] { return SQLite::Statement(*db_, sql); });
  if (!select) return;
  // Ranges still to be read, the first one last: a range that cannot be read is halved until single rows are left out.
  std::vector<std::pair<RowId, RowId>> ranges{{from, to}};
  while (!ranges.empty()) {
    RowId first = ranges.back().first;
    const RowId last = ranges.back().second;
    ranges.pop_back();
    select->tryReset();
    const auto whole = tolerant([&] {
      select->bind(1, first);
      select->bind(2, last);
      while (select->executeStep()) {
        const RowId id = select->getColumn(0).getInt64();
        if (id < first || id > last) throw SQLite::Exception("ids out of order", SQLITE_CORRUPT);
        out.push_back(values_of(*select));
        first = id + 1;
      }
      return true;
    });
    if (whole || first >= last) continue;
    const RowId middle = first + (last - first) / 2;
    ranges.emplace_back(middle + 1, last);
    ranges.emplace_back(first, middle);
  }
  select->tryReset();
}

std::vector<StoredRow> KeptStore::rows(RowId from, RowId to) const {
  std::vector<StoredRow> sound;
  if (!db_) return sound;
  std::vector<Values> found;
  const std::string sql = std::string("SELECT ") + kRowColumns + " FROM outbox WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
  collect(sql, from, to, found);
  for (Values& values : found) {
    if (auto row = sound_row(std::move(values))) sound.push_back(std::move(*row));
  }
  return sound;
}

std::vector<Values> KeptStore::table(const std::string& table, const std::string& key, const std::string& columns,
                                     RowId from, RowId to) const {
  std::vector<Values> found;
  if (!db_) return found;
  std::string sql = "SELECT ";
  sql += key + ", " + columns + " FROM " + table + " WHERE " + key + " BETWEEN ?1 AND ?2 ORDER BY " + key;
  collect(sql, from, to, found);
  return found;
}

std::vector<RowId> KeptStore::heads() const {
  std::vector<RowId> ids;
  if (!db_) return ids;
  tolerant([&] {
    SQLite::Statement select(*db_, "SELECT max(id) FROM weighing GROUP BY scale");
    while (select.executeStep()) ids.push_back(select.getColumn(0).getInt64());
    return true;
  });
  return ids;
}

std::vector<Values> KeptStore::all(const std::string& sql) const {
  std::vector<Values> rows;
  if (!db_) return rows;
  tolerant([&] {
    SQLite::Statement select(*db_, sql);
    while (select.executeStep()) rows.push_back(values_of(select));
    return true;
  });
  return rows;
}

std::optional<std::string> KeptStore::config() const {
  if (!db_) return std::nullopt;
  const auto body = tolerant([&] {
    SQLite::Statement select(*db_, "SELECT body FROM config WHERE hash = edge_hash(body)");
    return select.executeStep() ? std::optional(select.getColumn(0).getString()) : std::nullopt;
  });
  return body.value_or(std::nullopt);
}

}  // namespace edge
