#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite_store/kept_store.h"
#include "agent/adapters/sqlite_store/page_scan.h"
#include "agent/adapters/sqlite_store/salvaged_rows.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {

/// Where the spans stand beside a database: "from_id first_id provisional epoch" a line.
std::filesystem::path spans_file(const std::filesystem::path& dir);

/// Directories that a database was set aside in (corrupt-*, replaced-*) and that have not been put back yet, newest
/// first.
std::vector<std::filesystem::path> kept_to_salvage(const std::filesystem::path& state_dir);

/// Part of the transaction that makes a store: takes over from the databases set aside what work cannot go on without:
/// last epoch, heads of the chains, number series, open tickets, the last good configuration.
void inherit_kept(StoreBody& body);

/// Ids from first to last.
using IdRange = std::pair<RowId, RowId>;
/// Ascending ranges without one id.
void take_out(std::vector<IdRange>& ranges, RowId id);

/// Puts one database that was set aside back into the store: weighings and tickets, then the rows the server may lack,
/// with the uid, epoch and seq they were given. What cannot be found becomes gap records. Every step is one transaction
/// together with the note of how far it is, so it goes on where a kill ended it. The kept files stay as they are; a
/// report is laid beside them at the end.
class Salvage {
 public:
  /// Reads the kept database; without the mutex.
  Salvage(StoreBody& body, std::filesystem::path kept);

  /// One short step; wants the mutex free. False: it is done. Errors: kFull, kIo, kRefused (another process has the
  /// kept database open): the same step is due again later.
  Result<bool> step();

 private:
  enum Stage { kWeighings = 0, kTickets = 1, kRows = 2, kScan = 3, kGaps = 4, kDone = 5 };
  struct Progress {
    int stage = kWeighings;
    RowId next_id = 1;
    std::int64_t put_back = 0, lost = 0;
  };
  struct Lost {
    IdRange ids;
    std::int64_t count = 0;
  };

  Result<void> load_progress();
  Result<void> weighings();
  Result<void> tickets();
  Result<void> rows();
  Result<void> scan();
  Result<void> gaps();
  void write_report() const;
  void forget();

  /// Lay `also` and the progress `next` down in one transaction.
  Result<void> go_on(const Progress& next);
  Result<void> note(const Progress& next, const std::function<void()>& also);
  /// Rows to the store, with `missing_` as it is then.
  Result<void> put_back(const std::vector<StoredRow>& found, Progress next);
  Result<void> put_gaps(const std::vector<Lost>& lost, Progress next);
  void write_missing();
  void keep_missing(const std::vector<IdRange>& ranges);
  std::vector<Lost> lost_ranges() const;
  std::string unknown_end() const;
  Document gap_of(const Lost& lost, const EpochSpan& span) const;

  StoreBody& body_;
  std::string name_;
  KeptStore kept_;
  std::unique_ptr<PageScan> pages_;
  Progress progress_;
  std::vector<IdRange> missing_;
  std::vector<KeptWeighing> links_;  ///< of the alibi memory, found on pages and not written yet
  bool loaded_ = false;
};

}  // namespace edge
