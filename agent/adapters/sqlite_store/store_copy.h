#pragma once
#include <cstdint>
#include <filesystem>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/ports/clock.h"
#include "protocols/result.h"

/// Work on the files of a store that no agent has open. Each takes the store's lock first: kRefused where one runs.
namespace edge {

/// Puts a backup in the place of the store; the present one is kept in replaced-<UTC time>, which is returned (empty:
/// there was none). What it holds and the server may lack is put back when the agent runs. Errors: kRefused, kNotFound,
/// kCorrupt (the backup does not pass its check), kUnsupported (made by a newer agent), kFull, kIo; the store is as
/// before.
Result<std::filesystem::path> restore_backup(const StoreOptions& options, const std::filesystem::path& backup,
                                             const Clock& clock);

struct Compacted {
  std::int64_t before = 0, after = 0;  ///< bytes
};
/// Writes the database anew without its free pages. Errors: kRefused, kNotFound, kFull (as much room as the database
/// takes is needed), kCorrupt, kIo; the store is as before.
Result<Compacted> compact_store(const StoreOptions& options);

}  // namespace edge
