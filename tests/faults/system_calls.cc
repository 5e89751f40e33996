// In front of the C library's, for the store's own files (lock, ballast, the timer's descriptor of the WAL, what is
// set aside) and for what SQLite's unix VFS syncs and takes away. Outside of an attached disk they are the kernel's.
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstdint>
#include <map>
#include <string>

#include "tests/faults/disk.h"
#include "tests/faults/faulty_vfs.h"

namespace {

using edge::test::Disk;
using edge::test::IoKind;

/// The path of an open file; empty where it is none of the attached disk.
std::string path_of(int fd) {
  std::array<char, PATH_MAX> target{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  if (length <= 0) return {};
  std::string path(target.data(), static_cast<std::size_t>(length));
  return edge::test::attached()->has(path) && !path.ends_with(" (deleted)") ? path : std::string();
}

bool is_on_disk(const char* path) { return edge::test::attached() != nullptr && edge::test::attached()->has(path); }

/// How many failed syncs of its file an open descriptor has been told of.
std::map<int, std::uint64_t>& failures_seen() {
  static std::map<int, std::uint64_t> seen;
  return seen;
}

/// An error of a sync through another descriptor is told here too, once (Linux since 4.13).
bool was_told(int fd, const Disk::Node& node) {
  const auto seen = failures_seen().find(fd);
  if (seen == failures_seen().end() || seen->second == node->failures) return true;
  seen->second = node->failures;
  return false;
}

/// True = the call fails, errno says how. What SQLite asked for was asked before.
bool fails(IoKind kind, const std::string& path) {
  const Disk* const disk = edge::test::attached();
  if (edge::test::is_in_vfs() || !disk->gate) return false;
  errno = disk->gate({kind, path}).error;
  return errno != 0;
}

int sync_of(int fd, long number) {
  Disk* const disk = edge::test::attached();
  const std::string path = disk == nullptr ? std::string() : path_of(fd);
  if (path.empty()) return static_cast<int>(::syscall(number, fd));
  struct stat status {};
  ::fstat(fd, &status);
  const bool is_dir = S_ISDIR(status.st_mode);
  errno = 0;
  if (is_dir) {
    if (fails(IoKind::kSync, path)) return -1;
    errno = disk->sync_dir(path);
    return errno == 0 ? 0 : -1;
  }
  const Disk::Node node = disk->node(path);
  const bool failed = fails(IoKind::kSync, path);
  if (failed) disk->forget(node);
  const bool told = edge::test::is_in_vfs() || was_told(fd, node);  // SQLite's own descriptors: faulty_vfs.cc
  errno = failed || !told ? EIO : disk->sync(node);
  return errno == 0 ? 0 : -1;
}

}  // namespace

extern "C" {

int fsync(int fd) { return sync_of(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_of(fd, SYS_fdatasync); }

int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  const bool on_disk = is_on_disk(path);
  if (on_disk && fails(IoKind::kOpen, path)) return -1;
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (!on_disk || fd < 0 || (flags & O_DIRECTORY) != 0) return fd;
  const auto node = edge::test::attached()->node(path);
  failures_seen()[fd] = node->failures;
  if ((flags & O_TRUNC) != 0) edge::test::attached()->resize(node, 0);
  return fd;
}

int posix_fallocate(int fd, off_t from, off_t bytes) {
  Disk* const disk = edge::test::attached();
  const std::string path = disk == nullptr ? std::string() : path_of(fd);
  if (!path.empty() && fails(IoKind::kAllocate, path)) return errno;
  if (::syscall(SYS_fallocate, fd, 0, from, bytes) != 0) return errno;
  if (!path.empty()) disk->resize(disk->node(path), from + bytes);
  return 0;
}

int unlink(const char* path) noexcept {
  const bool on_disk = is_on_disk(path);
  if (on_disk && fails(IoKind::kDelete, path)) return -1;
  const int failed = static_cast<int>(::syscall(SYS_unlink, path));
  if (on_disk && failed == 0) edge::test::attached()->unlink(path);
  return failed;
}

int rename(const char* from, const char* to) noexcept {
  const bool on_disk = is_on_disk(from);
  if (on_disk && fails(IoKind::kRename, from)) return -1;
  const int failed = static_cast<int>(::syscall(SYS_rename, from, to));
  if (on_disk && failed == 0) edge::test::attached()->rename(from, to);
  return failed;
}

int mkdir(const char* path, mode_t mode) noexcept {
  const bool on_disk = is_on_disk(path);
  if (on_disk && fails(IoKind::kMakeDir, path)) return -1;
  const int failed = static_cast<int>(::syscall(SYS_mkdir, path, mode));
  if (on_disk && failed == 0) edge::test::attached()->make_dir(path);
  return failed;
}

}  // extern "C"
