#pragma once
#include <filesystem>
#include <memory>
#include <set>
#include <vector>

#include "agent/adapters/sqlite_store/kept_store.h"
#include "agent/adapters/sqlite_store/page_scan.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {

/// So many of the youngest rows of a database that was set aside are told to the window of latest uids: as far back as a
/// redelivery may answer to.
inline constexpr RowId kRecalledRows = 32'768;

/// Reads the youngest rows of a database that was set aside, sent or not, for Outbox::found_again(): a message it
/// acknowledged may be delivered again right after the start. First by SQLite; where that reaches none, from the pages.
/// Only rows whose hash holds. What it cannot read, the salvage may still find.
class Recall {
 public:
  Recall(StoreBody& body, const std::filesystem::path& kept);

  /// One short step, younger rows first; wants the mutex free. False: it is done.
  bool step();

 private:
  bool read_rows();
  bool scan_pages();
  void tell(std::vector<RecentUid> rows);

  StoreBody& body_;
  KeptStore kept_;
  RowId next_id_ = 0, least_id_ = 1;  ///< rows still to be read by SQLite
  RowId told_ = 0;
  std::unique_ptr<PageScan> pages_;
  std::size_t next_page_ = 0;
  std::set<RowId> seen_;  ///< on pages: the log holds a row as often as its page was written
};

}  // namespace edge
