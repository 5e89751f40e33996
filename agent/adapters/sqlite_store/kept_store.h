#pragma once
#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite_store/extent.h"
#include "agent/adapters/sqlite_store/store_body.h"
#include "agent/adapters/sqlite_store/stored_row.h"

namespace edge {

/// What a database that was set aside says of delivery. What could not be read is as if nothing had been sent: the
/// server knows a row that comes twice.
struct KeptDelivery {
  bool cursor_known = false, exceptions_known = false;
  RowId sent_upto = 0;
  std::int64_t holes = 0;           ///< rows above the cursor that were thinned out, each told of by a gap record
  std::map<RowId, int> exceptions;  ///< stored states
  std::set<RowId> letters;          ///< rows that are dead letters, as far as that can be read
  RowId noted_upto = 0;  ///< the last row that was ever noted somewhere, whether it can be read or not

  /// Whether the server may lack the row.
  bool is_unsent(RowId id) const;
  /// The next id from `id` on that may be unsent.
  RowId next_unsent(RowId id) const;
};

/// Reads a damaged database as far as it goes. Changes nothing in it.
class KeptStore {
 public:
  explicit KeptStore(std::filesystem::path dir);

  const std::filesystem::path& dir() const { return dir_; }
  /// Whether SQLite can read anything of it at all.
  bool opened() const { return db_ != nullptr; }
  /// Whether another process has it open: ask again later.
  bool busy() const { return busy_; }
  const std::vector<EpochSpan>& spans() const { return spans_; }
  const KeptDelivery& delivery() const { return delivery_; }
  /// The span a row was written in; nothing where no epoch is known.
  const EpochSpan* span_of(const StoredRow& row, const std::string& gateway) const;
  const EpochSpan* span_of(RowId id) const;
  /// The last row that is known to have been there, whether it can be read or not.
  RowId sure_upto() const;
  /// Rows that may have been behind row `upto`, the last one found, at most; whether there were any nobody knows.
  RowId most_unknown(RowId upto) const;
  const std::optional<Extent>& noted() const { return noted_; }
  /// First and last of the outbox that may be unsent; 0, 0 where it cannot be read.
  std::pair<RowId, RowId> row_ids() const;
  /// The largest id of `table`, or, where it cannot be read, what fits into the file at most.
  RowId last_id(const std::string& table, std::int64_t least_row_bytes) const;

  /// The sound rows of from…to that can be read, ascending.
  std::vector<StoredRow> rows(RowId from, RowId to) const;
  /// Any other table: `columns` of rows whose key (an integer column) is within from…to, ascending.
  std::vector<Values> table(const std::string& table, const std::string& key, const std::string& columns, RowId from,
                            RowId to) const;
  /// What was said when row `id` became a dead letter; nothing where it is none or that cannot be read.
  std::optional<DeadLetter> letter(RowId id) const;
  /// Ids of the newest weighing of each scale.
  std::vector<RowId> heads() const;
  /// Of a small table as much as can be read in one go.
  std::vector<Values> all(const std::string& sql) const;
  /// The last good configuration where its hash holds.
  std::optional<std::string> config() const;

 private:
  void load_spans();
  void load_delivery();
  void load_extent();
  void collect(const std::string& sql, RowId from, RowId to, std::vector<Values>& out) const;

  std::filesystem::path dir_;
  std::unique_ptr<SQLite::Database> db_;
  bool busy_ = false;
  std::vector<EpochSpan> spans_, other_spans_;  ///< those beside the database where both are there
  KeptDelivery delivery_;
  std::optional<Extent> noted_;
};

}  // namespace edge
