#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/adapters/sqlite_store/kept_store.h"
#include "agent/adapters/sqlite_store/page_scan.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {

/// Rows of another database as the next rows of this one, under the epochs and seqs they had. The mutex is held from
/// the first add() to book(); write() goes into a transaction and may run twice.
class SalvagedRows {
 public:
  explicit SalvagedRows(StoreBody& body);
  /// `span`: of the other database; none: no epoch is known, it gets the next number of the present one.
  /// With a letter it comes over as the dead letter it was: nobody asks the server again.
  void add(const StoredRow& row, const EpochSpan* span, std::optional<DeadLetter> letter);
  /// A new document in the place of row `id` of the other database.
  void add(const Document& document, RowId id, const EpochSpan& span);
  /// Counts rows that are lost.
  void lose(std::int64_t rows) { lost_ += rows; }
  void write();
  void book();

 private:
  void place(const EpochSpan* span, RowId old_id);
  void write_letter(const DeadLetter& letter);
  /// The present epoch's span behind the rows put back.
  EpochSpan present() const;
  void count(Counters& sums) const;

  StoreBody& body_;
  RowId last_;
  std::int64_t next_seq_;  ///< of the present epoch
  std::vector<EpochSpan> spans_;
  std::vector<std::variant<const StoredRow*, const Document*>> rows_;
  std::vector<DeadLetter> letters_;  ///< under the ids the rows get
  std::int64_t readings_ = 0, documents_ = 0, salvaged_ = 0, lost_ = 0;
};

/// The gap record of rows that damage took (reason "corrupt"); `ids` and `span` are of one store. It takes the place of
/// the first row it tells of: that number is free, the range is of that row's epoch, and said twice it has the same uid.
struct CorruptRows {
  RowId first_id = 0, last_id = 0;
  std::int64_t count = 0;
  std::int64_t from_at = 0, to_at = 0;  ///< UTC ms; when rows near them were received
};
Document gap_of(const StoreBody& body, const CorruptRows& lost, const EpochSpan& span);

/// A weighing of the alibi memory as it stands there; its own hash holds.
struct KeptWeighing {
  RowId id = 0;
  Values values;  ///< uid, scale, epoch, alibi_seq, hash, document
};
/// Those that stand on a page, whatever table it is of.
std::vector<KeptWeighing> weighings_on_page(const PageScan& pages, std::size_t page, const std::string& gateway);
RowId last_weighing(const KeptStore& kept);
RowId last_kept_ticket(const KeptStore& kept);
std::vector<KeptWeighing> kept_weighings(const KeptStore& kept, const std::string& gateway, RowId from, RowId to);
void insert_weighings(SQLite::Database& db, const std::vector<KeptWeighing>& weighings);

/// Sound tickets: id, uid, number, document, hash.
std::vector<Values> kept_tickets(const KeptStore& kept, RowId from, RowId to);
void insert_tickets(SQLite::Database& db, const std::vector<Values>& tickets);

}  // namespace edge
