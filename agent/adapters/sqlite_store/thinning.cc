#include "agent/adapters/sqlite_store/thinning.h"

#include <string>

#include "agent/adapters/sqlite_store/folding.h"
#include "agent/adapters/sqlite_store/removal.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace {

constexpr std::int64_t kScanRows = 2'000;             ///< looked at in one step: 1 to 3 ms
constexpr std::size_t kThinRows = 500;                ///< that go in one transaction: a few ms
constexpr std::int64_t kLookAgainEveryMs = 600'000;   ///< for rows that were under way when they were passed

struct Stage {
  Flag flag;
  bool folds;           ///< else it thins
  bool only_folded;     ///< thins folded rows alone
  const char* reason;   ///< of the gap record
  const char* counter;
};

constexpr std::array kOrder = {Stage{Flag::kOk, false, false, "thinned_ok", "thinned.ok"},
                               Stage{Flag::kInvalid, true, false, "", ""},
                               Stage{Flag::kInvalid, false, false, "thinned_invalid", "thinned.invalid"},
                               Stage{Flag::kWarning, false, false, "thinned_warning", "thinned.warning"},
                               Stage{Flag::kQuarantine, true, false, "", ""},
                               Stage{Flag::kQuarantine, false, true, "thinned_folded", "thinned.folded"}};

/// Takes `row` out; what was folded into it is no longer folded but gone.
void take(Removal& removal, RowId id, Standing standing, const RowBrief& row, const char* counter) {
  (standing == Standing::kFresh ? removal.fresh : removal.put_off).push_back(id);
  const std::int64_t readings = row.fold ? row.fold->count : 1;
  removal.loss->add(id, row.fold ? row.fold->last_row : id, row.received_at, readings, row.site, row.device);
  removal.add[counter] += readings;
  if (readings > 1) removal.add["folded"] -= readings - 1;
}

}  // namespace

bool Thinning::step(StoreBody& body, std::int64_t now) {
  static_assert(kOrder.size() == kStages);
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    if (run(stage, body, now) != Found::kNothing) return true;
  }
  const std::int64_t mono = body.clock.mono_ms();
  if (look_again_at_ == 0) look_again_at_ = mono + kLookAgainEveryMs;
  if (mono < look_again_at_) return false;
  look_again_at_ = 0;
  passed_.fill(0);
  return true;
}

Thinning::Found Thinning::run(std::size_t stage, StoreBody& body, std::int64_t now) {
  return kOrder[stage].folds ? fold(stage, body, now) : thin(stage, body, now);
}

Thinning::Found Thinning::thin(std::size_t stage, StoreBody& body, std::int64_t now) {
  const Stage& what = kOrder[stage];
  Removal removal;
  removal.loss.emplace().reason = what.reason;
  RowId passed = passed_[stage];
  std::int64_t looked = 0;
  {
    SQLite::Statement select(*body.db, std::string("SELECT ") + kRowColumns +
                                           " FROM outbox WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3");
    select.bind(1, passed);
    select.bind(2, body.ledger.last_id);
    select.bind(3, kScanRows);
    for (; removal.fresh.size() + removal.put_off.size() < kThinRows && select.executeStep(); ++looked) {
      const RowId id = select.getColumn(0).getInt64();
      const RowBrief row = read_brief(select);
      const bool goes = !row.document && row.flag == what.flag && (!what.only_folded || row.fold);
      const Standing standing = goes ? body.standing(id, now) : Standing::kBound;
      if (standing != Standing::kBound) {
        // One record speaks of one epoch; the rest has its turn next time.
        if (!removal.empty() && &body.epoch_of(id) != &body.epoch_of(removal.loss->from)) break;
        take(removal, id, standing, row, what.counter);
      }
      passed = id;
    }
  }
  if (!removal.empty() && !remove_rows(body, removal)) return Found::kNothing;
  passed_[stage] = passed;
  if (!removal.empty()) return Found::kWork;
  return looked == kScanRows ? Found::kLooked : Found::kNothing;
}

Thinning::Found Thinning::fold(std::size_t stage, StoreBody& body, std::int64_t now) {
  // Not every few rows: the run they belong to would be seen in pieces too small to fold.
  if (body.accepting && body.ledger.last_id - passed_[stage] < kScanRows) return Found::kNothing;
  FoldScan scan = fold_runs(body, kOrder[stage].flag, passed_[stage], kScanRows, now);
  const Removal& removal = scan.removal;
  if (!removal.empty() && !remove_rows(body, removal)) return Found::kNothing;
  passed_[stage] = scan.passed;
  if (!removal.empty()) return Found::kWork;
  return scan.looked == kScanRows ? Found::kLooked : Found::kNothing;
}

}  // namespace edge
