#include "agent/adapters/sqlite_store/space.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/adapters/sqlite_store/files.h"

namespace edge {

Ballast::Ballast(std::filesystem::path file, std::int64_t bytes)
    : file_(std::move(file)), bytes_(bytes), there_(bytes > 0 && bytes_on_disk(file_) == bytes) {}

bool Ballast::release() {
  if (!there_) return false;
  there_ = false;
  return ::unlink(file_.c_str()) == 0;
}

Result<void> Ballast::make() {
  if (there_ || bytes_ <= 0) return {};
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return tl::unexpected(io_error("cannot make", file_, errno));
  // Real blocks: a file of holes would give nothing back.
  const int failed = ::posix_fallocate(fd, 0, bytes_);
  ::close(fd);
  if (failed != 0) {
    ::unlink(file_.c_str());
    return tl::unexpected(io_error("cannot fill", file_, failed));
  }
  there_ = true;
  return {};
}

Bounds bounds_of(std::int64_t max_bytes) {
  constexpr std::int64_t kMargin = 64LL << 20;
  constexpr std::int64_t kWal = 8LL << 20;
  constexpr std::int64_t kReserve = 8LL << 20;
  const std::int64_t margin = std::min(std::max(kMargin, max_bytes / 20), max_bytes / 4);
  const std::int64_t high = max_bytes - margin;
  // A quarter: what goes to make room is no more than what lets the newest in.
  return {max_bytes, high, high - margin / 4, std::min(kWal, max_bytes / 8),
          std::min(kReserve, max_bytes / 32)};
}

std::int64_t default_max_bytes(std::int64_t free_bytes) { return std::min<std::int64_t>(8LL << 30, free_bytes / 2); }

std::int64_t floor_free(std::int64_t min_free, const Bounds& bounds) { return std::max(min_free, 3 * bounds.wal); }

bool is_accepting(const Usage& usage, const Bounds& bounds, std::int64_t min_free, bool before) {
  // A tenth more room before it goes on: a disk that others fill must not make sources flap.
  const std::int64_t free_again = min_free + min_free / 10;
  // The file never shrinks: what was emptied inside it is room too, or a store that filled the disk itself would wait
  // for ever. For half of the floor only: the write-ahead log needs real room.
  const std::int64_t emptied = std::max<std::int64_t>(usage.file_bytes - usage.used_bytes, 0);
  // What the log has taken within its bound it need not take again: else sources would flap with its growing and ending.
  const std::int64_t log = std::min(usage.wal_bytes, bounds.wal);
  const std::int64_t room = usage.disk_free + log + std::min(emptied, min_free / 2);
  if (usage.used_bytes >= bounds.high || room < min_free) return false;
  if (usage.used_bytes < bounds.low && room >= free_again) return true;
  return before;
}

}  // namespace edge
