#pragma once
#include <cstdint>

#include "agent/adapters/sqlite_store/removal.h"
#include "protocols/record/observation.h"

namespace edge {

/// What folding a stretch of the outbox comes to; nothing is changed yet.
struct FoldScan {
  Removal removal;
  RowId passed = 0;  ///< the last row looked at
  std::int64_t looked = 0;
};

/// Looks at `limit` rows after `after`: more than 6 rows with `flag` of one device, type and list of codes, observed
/// within one minute (design.md §3), become the first of them with count, last time and last raw. Only rows never handed
/// out: what the server may have is not changed. Throws SQLite::Exception.
FoldScan fold_runs(StoreBody& body, Flag flag, RowId after, std::int64_t limit, std::int64_t now);

}  // namespace edge
