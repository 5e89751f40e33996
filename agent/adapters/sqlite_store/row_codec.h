#pragma once
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <string>

#include "agent/ports/store.h"
#include "protocols/record/observation.h"

namespace edge {

/// The columns of a row in the order bind_row() and read_row() use.
inline constexpr const char* kRowColumns =
    "id, uid, site, device, type, idx, received_at, lag, bits, boot, mono_ms, value, unit, value_in, unit_in, reasons, "
    "policy_version, packet_id, raw, raw_bytes, raw_sha256, extra, tally";

/// Texts made for a row while its statement runs.
struct RowTexts {
  std::string uid, reasons, raw_sha256, extra;
};

/// Binds without copying: row and texts must live until the statement has run.
/// `tally`: see counting.h.
void bind_row(SQLite::Statement& insert, RowId id, const NewObservation& row, RowTexts& texts, int tally);

/// The row at the statement's cursor; raw_sha256 is computed where raw is the whole payload. `backfilled` is not the
/// row's to know.
Observation read_row(const SQLite::Statement& select);

/// Of the same columns, only what the window of latest uids needs.
RecentUid read_recent(const SQLite::Statement& select);

}  // namespace edge
