#include "agent/adapters/sqlite_store/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

#include "agent/adapters/sqlite_store/lock_file.h"
#include "protocols/record/time.h"

namespace edge {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::seconds kLockPatience{3};

}  // namespace

Error io_error(std::string_view what, const fs::path& path, int error_number) {
  const Errc code = error_number == ENOSPC || error_number == EDQUOT ? Errc::kFull : Errc::kIo;
  return Error{code, std::string(what) + " " + path.string() + ": " +
                         std::error_code(error_number, std::generic_category()).message()};
}

Result<void> sync_directory(const fs::path& dir) {
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return tl::unexpected(io_error("cannot open", dir, errno));
  const int failed = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (failed != 0) return tl::unexpected(io_error("cannot sync", dir, failed));
  return {};
}

Result<void> make_directories(const fs::path& dir) {
  std::error_code error;
  fs::path at = fs::absolute(dir, error).lexically_normal();
  if (!at.has_filename()) at = at.parent_path();
  const fs::path above = at.parent_path();
  std::vector<fs::path> made;
  for (; at.has_relative_path() && !fs::exists(at, error); at = at.parent_path()) made.push_back(at);
  fs::create_directories(dir, error);
  if (error) return tl::unexpected(io_error("cannot make", dir, error.value()));
  for (const fs::path& one : made) {
    if (auto synced = sync_directory(one.parent_path()); !synced) return synced;
  }
  // An earlier start may have made it and died before this. One that is not ours to read was made by somebody else.
  if (made.empty()) (void)sync_directory(above);
  return {};
}

Result<void> sync_descriptor(int fd, const fs::path& path) {
  int failed = 0;
  do {
    failed = ::fdatasync(fd) == 0 ? 0 : errno;
  } while (failed == EINTR);
  if (failed != 0) return tl::unexpected(io_error("cannot sync", path, failed));
  return {};
}

DiskSpace disk_space(const fs::path& dir) {
  struct statvfs space {};
  if (::statvfs(dir.c_str(), &space) != 0) return {};
  const auto block = static_cast<std::int64_t>(space.f_frsize);
  return {static_cast<std::int64_t>(space.f_bavail) * block, static_cast<std::int64_t>(space.f_blocks) * block};
}

std::int64_t bytes_on_disk(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(bytes);
}

Result<fs::path> set_aside(const fs::path& database, const std::string& prefix, std::int64_t now) {
  std::string stamp;  // 20260223T100000Z: no ':' in a file name
  for (const char c : format_instant(now).substr(0, 19)) {
    if (c != '-' && c != ':') stamp.push_back(c);
  }
  const fs::path parent = database.parent_path();
  fs::path dir = parent / (prefix + stamp + "Z");
  for (int n = 2; fs::exists(dir); ++n) dir = parent / (prefix + stamp + "Z-" + std::to_string(n));
  std::error_code error;
  fs::create_directory(dir, error);
  if (error) return tl::unexpected(io_error("cannot make", dir, error.value()));
  for (const char* beside : {"epochs", "extent"}) {
    if (fs::exists(parent / beside)) fs::copy_file(parent / beside, dir / beside, error);
  }
  // The database first: after a crash in between a WAL without database is left, which open() knows for what it is. A
  // database without its WAL would look sound and miss its newest rows.
  for (const char* suffix : {"", "-wal", "-shm"}) {
    fs::path from = database;
    from += suffix;
    if (!fs::exists(from)) continue;
    fs::rename(from, dir / from.filename(), error);
    if (error) return tl::unexpected(io_error("cannot set aside", from, error.value()));
  }
  for (const fs::path& changed : {dir, parent}) {
    if (auto synced = sync_directory(changed); !synced) return tl::unexpected(synced.error());
  }
  return dir;
}

Result<LockFile> LockFile::take(const fs::path& dir) {
  const fs::path path = dir / "lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return tl::unexpected(io_error("cannot open", path, errno));
  // A command line that reads the file holds it for a moment: an agent that starts just then must not fail for that.
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  int failed = 0;
  do {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return LockFile(fd);
    failed = errno;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  } while (failed == EWOULDBLOCK && std::chrono::steady_clock::now() < deadline);
  ::close(fd);
  if (failed != EWOULDBLOCK) return tl::unexpected(io_error("cannot lock", path, failed));
  return fail(Errc::kRefused, "another edge-agent holds " + dir.string());
}

LockFile::LockFile(LockFile&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace edge
