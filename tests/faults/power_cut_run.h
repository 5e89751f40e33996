#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "tests/faults/disk.h"

namespace edge::test {

struct PowerCutResult {
  std::vector<std::string> faults;  ///< empty = all is well
  int cuts = 0;
  std::int64_t acked_rows = 0, lost_rows = 0, weighings = 0, tickets = 0, io_calls = 0;
  std::int64_t oldest_lost_ms = 0;  ///< on disks whose syncs take less than 100 ms
};

/// A store lives on a made-up disk through a script by chance until the power goes, once or several times; after each
/// cut what the disk was left with is opened and held against what had been acknowledged. `dir`: an empty one, best in
/// memory. The same seed gives the same run.
PowerCutResult run_power_cut(std::uint64_t seed, SyncLevel level, const std::filesystem::path& dir);

}  // namespace edge::test
