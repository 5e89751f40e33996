#include "agent/adapters/sqlite_store/folding.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/record/reason.h"

namespace edge {
namespace {

constexpr std::size_t kFoldAbove = 6;
constexpr std::int64_t kFoldMs = 60'000;

struct Row {
  RowId id;
  NewObservation row;
};
using Run = std::vector<Row>;

/// What rows of one run share.
std::string key_of(const std::string& epoch, const Observation& o) {
  std::string key = epoch;
  for (const std::string& part : {o.site, o.device, o.type, std::to_string(o.index), o.unit}) {
    key.append("\n").append(part);
  }
  for (const std::string& reason : o.reasons) key.append("\n").append(reason, 0, reason.find(':'));
  return key;
}

/// Makes the run its first row.
void fold(Run& run, Removal& removal) {
  Observation& first = run.front().row.observation;
  if (!first.fold) first.fold = Fold{1, first.observed_at, first.observed_at, first.raw, run.front().id};
  Fold& fold = *first.fold;
  for (std::size_t i = 1; i < run.size(); ++i) {
    const Observation& next = run[i].row.observation;
    fold.count += next.fold ? next.fold->count : 1;
    fold.last_at = next.fold ? next.fold->last_at : next.observed_at;
    fold.last_raw = next.fold ? next.fold->last_raw : next.raw;
    fold.last_row = next.fold ? next.fold->last_row : run[i].id;
    removal.fresh.push_back(run[i].id);
    ++removal.add["folded"];
  }
  removal.rewritten.emplace_back(run.front().id, std::move(run.front().row));
}

class Folder {
 public:
  explicit Folder(Removal& removal) : removal_(removal) {}
  void add(RowId id, const std::string& epoch, NewObservation row) {
    Run& run = runs_[key_of(epoch, row.observation)];
    if (!run.empty()) {
      const std::int64_t since = row.observation.observed_at - run.front().row.observation.observed_at;
      if (since < 0 || since > kFoldMs) close(run);
    }
    run.push_back({id, std::move(row)});
  }
  void close_all() {
    for (auto& [key, run] : runs_) close(run);
  }

 private:
  void close(Run& run) {
    if (run.size() > kFoldAbove) fold(run, removal_);
    run.clear();
  }

  Removal& removal_;
  std::map<std::string, Run> runs_;
};

}  // namespace

FoldScan fold_runs(StoreBody& body, Flag flag, RowId after, std::int64_t limit, std::int64_t now) {
  FoldScan scan;
  scan.passed = after;
  Folder folder(scan.removal);
  SQLite::Statement select(*body.db, std::string("SELECT ") + kRowColumns +
                                         " FROM outbox WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3");
  select.bind(1, after);
  select.bind(2, body.ledger.last_id);
  select.bind(3, limit);
  for (; select.executeStep(); ++scan.looked) {
    scan.passed = select.getColumn(0).getInt64();
    const RowBrief brief = read_brief(select);
    if (brief.document || brief.flag != flag || body.standing(scan.passed, now) != Standing::kFresh) continue;
    NewObservation row{read_row(select), 0};
    if (row.observation.aggregate) continue;
    if (const auto recent = read_recent(select)) row.packet_id = recent->packet_id;
    folder.add(scan.passed, body.epoch_of(scan.passed).epoch, std::move(row));
  }
  folder.close_all();
  return scan;
}

}  // namespace edge
