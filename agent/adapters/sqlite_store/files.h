#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "protocols/result.h"

namespace edge {

/// "<what> <path>: <the system's words>" for errno.
Error io_error(std::string_view what, const std::filesystem::path& path, int error_number);

/// fsync of a directory: a new or renamed file is there after a power cut only then. Errors: kIo.
Result<void> sync_directory(const std::filesystem::path& dir);

/// Makes `dir` and what is missing above it; their names are there after a power cut too. Errors: kIo, kFull.
Result<void> make_directories(const std::filesystem::path& dir);

/// fdatasync of an open file. Errors: kIo.
Result<void> sync_descriptor(int fd, const std::filesystem::path& path);

/// Free bytes of the file system for this user; and its size. Zeros where it cannot be asked.
struct DiskSpace {
  std::int64_t free_bytes = 0;
  std::int64_t total_bytes = 0;
};
DiskSpace disk_space(const std::filesystem::path& dir);

/// Size in bytes, 0 where there is none.
std::int64_t bytes_on_disk(const std::filesystem::path& path);

/// Moves edge.sqlite and its -wal and -shm to <prefix><UTC time>/ beside them, with copies of `epochs` and
/// `extent`; the directory's path. Errors: kIo.
Result<std::filesystem::path> set_aside(const std::filesystem::path& database, const std::string& prefix,
                                        std::int64_t now);

}  // namespace edge
