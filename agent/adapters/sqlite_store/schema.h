#pragma once
#include <SQLiteCpp/Database.h>

#include "protocols/result.h"

namespace edge {

/// "SEDG": so that `file` and a support engineer know whose database it is.
inline constexpr int kApplicationId = 0x53454447;

/// The schema this agent writes.
int newest_schema();

/// Brings the database to the newest schema, one transaction a step. Throws SQLite::Exception. Errors: kUnsupported
/// (a newer agent wrote it: going back would lose what only that one knows), kCorrupt (not one of ours).
Result<void> migrate(SQLite::Database& db);

}  // namespace edge
