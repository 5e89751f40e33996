#include "agent/adapters/sqlite_store/recall.h"

#include <algorithm>
#include <utility>

namespace edge {
namespace {

constexpr RowId kChunk = 500;        ///< ids of one step
constexpr std::size_t kPages = 256;  ///< and pages
/// Rows are not dense where some were thinned or purged: so many ids are looked at for kRecalledRows rows.
constexpr RowId kMostIds = 4 * kRecalledRows;

}  // namespace

Recall::Recall(StoreBody& body, const std::filesystem::path& kept) : body_(body), kept_(kept) {
  // A damaged id may be any number: then no row is found below it, and the pages are read.
  const auto newest = kept_.all("SELECT ifnull(max(id), 0) FROM outbox");
  if (!newest.empty()) next_id_ = newest.front().front().number;
  least_id_ = std::max<RowId>(next_id_ - kMostIds + 1, 1);
}

bool Recall::step() {
  if (next_id_ >= least_id_ && told_ < kRecalledRows) return read_rows();
  if (told_ > 0 && !pages_) return false;
  return scan_pages();
}

bool Recall::read_rows() {
  const RowId from = std::max(next_id_ - kChunk + 1, least_id_);
  std::vector<RecentUid> recent;
  for (const StoredRow& row : kept_.rows(from, next_id_)) {
    if (auto one = row.recent()) recent.push_back(std::move(*one));
  }
  next_id_ = from - 1;
  tell(std::move(recent));
  return true;
}

/// From the end, the log first: rows are written one behind the other.
bool Recall::scan_pages() {
  if (!pages_) {
    pages_ = std::make_unique<PageScan>(kept_.dir() / "edge.sqlite", kPageBytes);
    next_page_ = pages_->pages();
  }
  const RowId oldest = kept_.sure_upto() - kRecalledRows;
  std::vector<RecentUid> recent;
  for (std::size_t n = 0; n < kPages && next_page_ > 0; ++n) {
    pages_->rows(
        --next_page_, [&](RowId id) { return id > oldest && !seen_.contains(id); },
        [&](const StoredRow& row) {
          seen_.insert(row.id);
          if (auto one = row.recent()) recent.push_back(std::move(*one));
        });
  }
  tell(std::move(recent));
  return next_page_ > 0 && told_ < kRecalledRows;
}

void Recall::tell(std::vector<RecentUid> rows) {
  told_ += static_cast<RowId>(rows.size());
  const std::lock_guard lock(body_.mutex);
  for (RecentUid& row : rows) body_.find_again(std::move(row));
}

}  // namespace edge
