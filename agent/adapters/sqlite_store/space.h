#pragma once
#include <cstdint>
#include <filesystem>

#include "protocols/result.h"

namespace edge {

/// A preallocated file that is given up when the disk is full, so that the row in hand can still be written. Not
/// thread-safe.
class Ballast {
 public:
  Ballast(std::filesystem::path file, std::int64_t bytes);
  bool is_there() const { return there_; }
  std::int64_t bytes() const { return there_ ? bytes_ : 0; }
  std::int64_t full_bytes() const { return bytes_; }
  /// False where there was none.
  bool release();
  /// Errors: kFull, kIo; nothing is left behind.
  Result<void> make();

 private:
  std::filesystem::path file_;
  std::int64_t bytes_;
  bool there_ = false;
};

/// The bounds of the store in bytes; from max_bytes alone.
struct Bounds {
  std::int64_t max = 0;      ///< the hard limit
  std::int64_t high = 0;     ///< above: sources should pause; 64 MiB or more below `max` where it is large enough
  std::int64_t low = 0;      ///< above: rows go, so that in the long run no source need pause; below: they may go on
  std::int64_t wal = 0;      ///< of `max`, what is kept for the write-ahead log
  std::int64_t reserve = 0;  ///< of `max`, what only delivery and, up to half of it, documents may use
};
Bounds bounds_of(std::int64_t max_bytes);

/// min(8 GiB, half of what is free).
std::int64_t default_max_bytes(std::int64_t free_bytes);

/// Bytes of the file system that must be free for readings to come in: min_free, and never less than the store needs to
/// empty itself again. A log that grows to its bound and the rows of the last moments fit in thrice that bound.
std::int64_t floor_free(std::int64_t min_free, const Bounds& bounds);

/// One look at what is used.
struct Usage {
  std::int64_t file_bytes = 0;  ///< database, WAL and ballast
  std::int64_t used_bytes = 0;  ///< the same without free pages
  std::int64_t disk_free = 0;
  std::int64_t disk_total = 0;
  std::int64_t wal_bytes = 0;   ///< of file_bytes, the write-ahead log
};

/// Whether readings may come in: between the watermarks the last answer stands. `min_free`: of floor_free().
bool is_accepting(const Usage& usage, const Bounds& bounds, std::int64_t min_free, bool before);

}  // namespace edge
