#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/adapters/sqlite_store/stored_row.h"

namespace edge {

/// Of the store's databases. Small: a commit writes whole pages, and a plain row is 200 to 300 bytes (measured: peers.md).
inline constexpr std::size_t kPageBytes = 1024;

/// Finds rows of a table in the pages of a database and of its WAL without any of what leads to them: for what
/// SQLite itself cannot reach any more. (Debian's SQLite has no .recover.) The file format: sqlite.org/fileformat2.html. A row
/// is believed by its hash alone, so old copies and half-written pages do no harm.
class PageScan {
 public:
  /// `page_bytes`: of the database; the files' own headers may be what is damaged.
  PageScan(const std::filesystem::path& database, std::size_t page_bytes);
  ~PageScan();
  PageScan(const PageScan&) = delete;
  PageScan& operator=(const PageScan&) = delete;

  /// Pages of the database, then those in the WAL.
  std::size_t pages() const { return database_pages_ + frames_.size(); }
  std::size_t database_pages() const { return database_pages_; }
  /// Every sound row of page `index` whose id `wanted` says yes to.
  void rows(std::size_t index, const std::function<bool(RowId)>& wanted,
            const std::function<void(StoredRow)>& found) const;
  /// Whatever on page `index` looks like a row of a table with so many columns, the first of them its id: nothing says
  /// of which table, and nothing that it is sound.
  void records(std::size_t index, std::size_t columns, const std::function<bool(RowId)>& wanted,
               const std::function<void(Values)>& found) const;

 private:
  std::string page(std::size_t index) const;
  /// The newest image of a page, by its number.
  std::string newest(std::uint32_t number) const;
  bool payload(std::string_view page, std::size_t at, std::uint64_t bytes, std::string& out) const;

  std::size_t page_bytes_;
  int database_ = -1, wal_ = -1;
  std::size_t database_pages_ = 0;
  std::vector<std::int64_t> frames_;                         ///< where each one's page begins in the WAL
  std::unordered_map<std::uint32_t, std::size_t> in_wal_;  ///< page number → its newest frame
};

}  // namespace edge
