#include "agent/adapters/sqlite_store/salvage.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include "agent/adapters/sqlite_store/recall.h"
#include "agent/adapters/sqlite_store/salvaged_rows.h"
#include "protocols/bytes.h"
#include "protocols/record/chain.h"
#include "protocols/record/time.h"
#include "protocols/wire/records.h"
#include "protocols/wire/weighing_link.h"

namespace edge {
namespace fs = std::filesystem;
namespace {

constexpr RowId kChunk = 500;           ///< rows of one transaction: a few ms
constexpr RowId kDocuments = 100;       ///< weighings or tickets of one
constexpr std::size_t kPages = 512;     ///< looked through between two transactions
constexpr std::size_t kMostGaps = 200;  ///< records of one salvage; nearer losses are told of together
constexpr RowId kOpenEnd = std::numeric_limits<RowId>::max();
constexpr std::size_t kFewSpans = 200;
constexpr const char* kReport = "salvaged.txt";

}  // namespace

fs::path spans_file(const fs::path& dir) { return dir / "epochs"; }

std::vector<fs::path> kept_to_salvage(const fs::path& state_dir) {
  std::vector<fs::path> dirs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state_dir, error)) {
    const std::string name = entry.path().filename().string();
    const bool kept = name.starts_with("corrupt-") || name.starts_with("replaced-");
    if (kept && entry.is_directory(error) && !fs::exists(entry.path() / kReport, error)) dirs.push_back(entry.path());
  }
  std::ranges::sort(dirs, std::greater{}, [](const fs::path& dir) {
    const std::string name = dir.filename().string();
    return name.substr(name.find('-'));
  });
  return dirs;
}

Salvage::Salvage(StoreBody& body, fs::path kept)
    : body_(body), name_(kept.filename().string()), kept_(std::move(kept)) {}

Result<void> Salvage::load_progress() {
  const std::lock_guard lock(body_.mutex);
  return body_.read([&]() -> Result<void> {
    SQLite::Statement select(*body_.db, "SELECT stage, next_id, put_back, lost FROM salvage WHERE kept = ?");
    select.bind(1, name_);
    if (select.executeStep()) {
      progress_ = {select.getColumn(0).getInt(), select.getColumn(1).getInt64(), select.getColumn(2).getInt64(),
                   select.getColumn(3).getInt64()};
    }
    SQLite::Statement ranges(*body_.db, "SELECT from_id, to_id FROM salvage_missing WHERE kept = ? ORDER BY from_id");
    ranges.bind(1, name_);
    while (ranges.executeStep()) missing_.emplace_back(ranges.getColumn(0).getInt64(), ranges.getColumn(1).getInt64());
    loaded_ = true;
    return {};
  });
}

Result<bool> Salvage::step() {
  if (kept_.busy()) return fail(Errc::kRefused, "another process has " + kept_.dir().string() + " open");
  if (!loaded_) {
    if (auto loaded = load_progress(); !loaded) return tl::unexpected(loaded.error());
  }
  Result<void> done;
  switch (progress_.stage) {
    case kWeighings:
      done = weighings();
      break;
    case kTickets:
      done = tickets();
      break;
    case kRows:
      done = rows();
      break;
    case kScan:
      done = scan();
      break;
    case kGaps:
      done = gaps();
      break;
    default: {
      const std::lock_guard lock(body_.mutex);
      body_.write_spans_file();
      write_report();
      return false;
    }
  }
  if (!done) return tl::unexpected(done.error());
  return true;
}

Result<void> Salvage::note(const Progress& next, const std::function<void()>& also) {
  const auto noted = body_.transact([&] {
    also();
    SQLite::Statement put(*body_.db,
                          "INSERT OR REPLACE INTO salvage(kept, stage, next_id, put_back, lost) VALUES(?,?,?,?,?)");
    put.bind(1, name_);
    put.bind(2, next.stage);
    put.bind(3, next.next_id);
    put.bind(4, next.put_back);
    put.bind(5, next.lost);
    put.exec();
  });
  if (!noted) return noted;
  progress_ = next;
  if (body_.timer) body_.timer->committed();
  return {};
}

/// Nothing to commit: a kill only makes it look again.
Result<void> Salvage::go_on(const Progress& next) {
  progress_ = next;
  return {};
}

Result<void> Salvage::weighings() {
  const RowId last = kept_.opened() ? last_weighing(kept_) : 0;  // else from the pages: scan()
  const RowId to = std::min(progress_.next_id + kDocuments - 1, last);
  const auto found = kept_weighings(kept_, body_.options.gateway, progress_.next_id, to);
  Progress next = progress_;
  next.next_id = to + 1;
  if (to >= last) next = {kTickets, 1, next.put_back, next.lost};
  if (found.empty() && to < last) return go_on(next);
  const std::lock_guard lock(body_.mutex);
  return note(next, [&] { insert_weighings(*body_.db, found); });
}

Result<void> Salvage::tickets() {
  const RowId last = kept_.opened() ? last_kept_ticket(kept_) : 0;
  const RowId to = std::min(progress_.next_id + kDocuments - 1, last);
  const auto found = kept_tickets(kept_, progress_.next_id, to);
  Progress next = progress_;
  next.next_id = to + 1;
  if (to >= last) next = {kRows, std::max<RowId>(kept_.row_ids().first, 1), next.put_back, next.lost};
  if (found.empty() && to < last) return go_on(next);
  const std::lock_guard lock(body_.mutex);
  return note(next, [&] { insert_tickets(*body_.db, found); });
}

/// What is not found by SQLite goes to the missing ones; the end is always open: the newest rows may stand in a WAL
/// that SQLite does not believe.
Result<void> Salvage::rows() {
  const RowId last = kept_.row_ids().second;
  const RowId from = kept_.delivery().next_unsent(progress_.next_id);
  const RowId to = std::min(from + kChunk - 1, last);
  std::vector<StoredRow> found;
  if (from <= last) found = kept_.rows(from, to);
  std::erase_if(found, [&](const StoredRow& row) { return !kept_.delivery().is_unsent(row.id); });
  std::vector<IdRange> absent;
  auto row = found.begin();
  for (RowId id = from; id <= to; ++id) {
    while (row != found.end() && row->id < id) ++row;
    if ((row != found.end() && row->id == id) || !kept_.delivery().is_unsent(id)) continue;
    if (!absent.empty() && absent.back().second == id - 1) {
      absent.back().second = id;
    } else {
      absent.emplace_back(id, id);
    }
  }
  Progress next = progress_;
  next.next_id = to + 1;
  if (to >= last) {
    absent.emplace_back(std::max(from, last + 1), kOpenEnd);
    next.stage = kScan;
  }
  keep_missing(absent);
  if (next.stage == kScan) next.next_id = 0;
  if (found.empty() && next.stage == kRows) return go_on(next);
  return put_back(found, next);
}

Result<void> Salvage::scan() {
  if (!pages_) pages_ = std::make_unique<PageScan>(kept_.dir() / "edge.sqlite", kPageBytes);
  std::vector<StoredRow> found;
  auto page = static_cast<std::size_t>(progress_.next_id);
  for (std::size_t n = 0; n < kPages && page < pages_->pages() && found.size() < kChunk; ++n, ++page) {
    const auto wanted = [&](RowId id) {
      const auto range = std::ranges::upper_bound(missing_, id, {}, &IdRange::first);
      return range != missing_.begin() && std::prev(range)->second >= id && kept_.delivery().is_unsent(id);
    };
    pages_->rows(page, wanted, [&](StoredRow row) {
      take_out(missing_, row.id);
      found.push_back(std::move(row));
    });
    for (auto& link : weighings_on_page(*pages_, page, body_.options.gateway)) links_.push_back(std::move(link));
  }
  Progress next = progress_;
  next.next_id = static_cast<RowId>(page);
  if (page >= pages_->pages()) next.stage = kGaps;
  return put_back(found, next);
}

void take_out(std::vector<IdRange>& ranges, RowId id) {
  auto range = std::ranges::upper_bound(ranges, id, {}, &IdRange::first);
  if (range == ranges.begin()) return;
  --range;
  if (range->second < id) return;
  const IdRange before{range->first, id - 1}, after{id + 1, range->second};
  range = ranges.erase(range);
  if (after.first <= after.second) range = ranges.insert(range, after);
  if (before.first <= before.second) ranges.insert(range, before);
}

void Salvage::keep_missing(const std::vector<IdRange>& ranges) {
  for (const IdRange& range : ranges) {
    if (!missing_.empty() && missing_.back().second >= range.first - 1) {
      missing_.back().second = std::max(missing_.back().second, range.second);
    } else {
      missing_.push_back(range);
    }
  }
}

void Salvage::write_missing() {
  SQLite::Statement clear(*body_.db, "DELETE FROM salvage_missing WHERE kept = ?");
  clear.bind(1, name_);
  clear.exec();
  SQLite::Statement put(*body_.db, "INSERT INTO salvage_missing(kept, from_id, to_id) VALUES(?,?,?)");
  for (const auto& [from, to] : missing_) {
    put.bind(1, name_);
    put.bind(2, from);
    put.bind(3, to);
    put.exec();
    put.reset();
  }
}

/// missing_ is ahead of what is noted: the next step begins with that.
void Salvage::forget() {
  loaded_ = false;
  links_.clear();
  missing_.clear();
}

Result<void> Salvage::put_back(const std::vector<StoredRow>& found, Progress next) {
  const std::lock_guard lock(body_.mutex);
  if (!found.empty() && !body_.accepting) {
    forget();
    return fail(Errc::kFull, "the store is full: " + name_ + " is put back once there is room");
  }
  SalvagedRows batch(body_);
  for (const StoredRow& row : found) {
    batch.add(row, kept_.span_of(row, body_.options.gateway), kept_.letter(row.id));
  }
  next.put_back += static_cast<std::int64_t>(found.size());
  const auto links = std::exchange(links_, {});
  const auto done = note(next, [&] {
    batch.write();
    insert_weighings(*body_.db, links);
    write_missing();
  });
  if (!done) {
    forget();
    return done;
  }
  batch.book();
  if (!links.empty()) {
    // A scale that weighed nothing since the start goes on from its newest link.
    if (auto heads = body_.read([&]() -> Result<void> { return body_.load_chain_heads(), Result<void>(); }); !heads) {
      return heads;
    }
  }
  // What SQLite could read the window of latest uids has been told of before (recall.h).
  const RowId oldest = kept_.sure_upto() - kRecalledRows;
  for (const StoredRow& row : found) {
    auto recent = pages_ && row.id > oldest ? row.recent() : std::nullopt;
    if (recent) body_.find_again(std::move(*recent));
  }
  // Should this store be set aside in its turn: not for each step where there are many.
  if (!found.empty() && body_.epochs.size() <= kFewSpans) body_.write_spans_file();
  return {};
}

/// Of what is missing, what was certainly there: nothing is known of the end behind the last row found, nor, without a
/// cursor, of what may have been purged before the first.
std::vector<Salvage::Lost> Salvage::lost_ranges() const {
  std::vector<Lost> lost;
  for (std::size_t n = 0; n < missing_.size(); ++n) {
    auto [from, to] = missing_[n];
    if (to == kOpenEnd) to = kept_.sure_upto();
    if (n == 0 && from <= 1 && !kept_.delivery().cursor_known) continue;
    if (from <= to) lost.push_back({{from, to}, to - from + 1});
  }
  // Thinned rows are gone too, but nobody knows which of these they are.
  std::int64_t count = 0;
  for (const Lost& one : lost) count += one.count;
  if (const std::int64_t holes = kept_.delivery().holes; holes > 0 && !lost.empty()) {
    const Lost all{{lost.front().ids.first, lost.back().ids.second}, count - holes};
    lost.assign(all.count > 0 ? 1 : 0, all);
  }
  for (RowId near = 1; lost.size() > kMostGaps; near *= 2) {
    std::vector<Lost> joined;
    for (const Lost& one : lost) {
      if (!joined.empty() && one.ids.first - joined.back().ids.second <= near) {
        joined.back().ids.second = one.ids.second;
        joined.back().count += one.count;
      } else {
        joined.push_back(one);
      }
    }
    lost = std::move(joined);
  }
  return lost;
}

Document Salvage::gap_of(const Lost& lost, const EpochSpan& span) const {
  const auto time_near = [&](RowId id, RowId other) {
    for (const RowId at : {id, other}) {
      if (const auto rows = kept_.rows(at, at); !rows.empty()) return rows.front().received_at();
    }
    return body_.clock.utc_ms();
  };
  return edge::gap_of(body_,
                      {lost.ids.first, lost.ids.second, lost.count, time_near(lost.ids.first - 1, lost.ids.second + 1),
                       time_near(lost.ids.second + 1, lost.ids.first - 1)},
                      span);
}

/// What is lost behind the last row that is known leaves no trace to count: so much is said, and no more.
std::string Salvage::unknown_end() const {
  const bool open = !missing_.empty() && missing_.back().second == kOpenEnd;
  const RowId most = kept_.most_unknown(open ? missing_.back().first - 1 : 0);
  if (most == 0) return {};
  const auto& noted = kept_.noted();
  const std::string since = noted && noted->complete ? " after " + format_instant(noted->at) : std::string();
  return "possibly up to " + std::to_string(most) + " rows more" + since +
         ": were any written and lost with the end of the files in " + name_ + ", nobody can tell";
}

Result<void> Salvage::gaps() {
  std::vector<Lost> parts;
  std::vector<Document> documents;
  std::vector<const EpochSpan*> spans;
  Progress next = progress_;
  next.stage = kDone;
  for (const Lost& lost : lost_ranges()) {
    next.lost += lost.count;
    const EpochSpan* const span = kept_.span_of(lost.ids.first);
    if (span == nullptr) continue;  // no epoch, no number: the count alone says it
    documents.push_back(gap_of(lost, *span));
    parts.push_back(lost);
    spans.push_back(span);
  }
  const std::lock_guard lock(body_.mutex);
  SalvagedRows batch(body_);
  for (std::size_t n = 0; n < parts.size(); ++n) batch.add(documents[n], parts[n].ids.first, *spans[n]);
  batch.lose(next.lost - progress_.lost);
  const std::string unknown = unknown_end();
  const auto done = note(next, [&] {
    batch.write();
    if (!unknown.empty()) {
      body_.set_meta("unknown_end", unknown);
      body_.set_meta("unknown_end_at", std::to_string(body_.clock.utc_ms()));
    }
    missing_.clear();
    write_missing();
  });
  if (!done) {
    forget();
    return done;
  }
  batch.book();
  body_.load_unknown_end();
  return done;
}

void Salvage::write_report() const {
  std::ofstream out(kept_.dir() / kReport, std::ios::trunc);
  out << progress_.put_back << " rows that the server may lack were put back into the store.\n"
      << progress_.lost << " rows could not be read any more"
      << (progress_.lost == 0 ? ".\n" : "; gap records tell the server which.\n")
      << (body_.unknown_end.empty() ? "" : "Beyond these " + body_.unknown_end + ".\n")
      << "Rows the server had already are still in these files. They can be deleted once nobody needs them.\n";
}

}  // namespace edge
