#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "tests/faults/disk.h"

namespace edge::test {

enum class IoFault {
  kError,      ///< EIO, of any call
  kFull,       ///< ENOSPC, of those that take room
  kHalf,       ///< EIO once half of a write is done
  kHalfFull,   ///< ENOSPC once half of a write is done
};
std::string_view to_text(IoFault fault);
bool can_fail(IoKind kind, IoFault fault);

struct SweepRun {
  SyncLevel level = SyncLevel::kTimed;
  bool corrupt = false;  ///< the script of a damaged file instead: it is set aside
  IoFault fault = IoFault::kError;
  std::size_t nth = 0;   ///< the call that fails, from 1 on; 0 = none
  bool for_good = false;  ///< and every later one
};

struct SweepResult {
  std::vector<IoKind> calls;  ///< as they were made
  std::size_t fired = 0;      ///< calls that failed
  std::size_t refused = 0;    ///< calls of the store that returned an error
  std::vector<std::string> faults;
};

/// One pass of a fixed script over the store with a failing call, then: what was acknowledged is there when the store
/// is opened again on what it left, and on what a power cut at the end leaves of it. `dir`: an empty one, best in memory.
SweepResult run_io_sweep(const SweepRun& run, const std::filesystem::path& dir);

}  // namespace edge::test
