#pragma once
#include <filesystem>

#include "protocols/result.h"

namespace edge {

/// Holds a directory for this process: flock() on its file `lock`, gone with the process. SQLite's own lock comes too
/// late: a corrupt database has to be moved before it can be opened, and that must not happen under another agent.
class LockFile {
 public:
  /// Waits up to 3 s for another process to let go. Errors: kRefused (another process holds it), kIo.
  static Result<LockFile> take(const std::filesystem::path& dir);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace edge
