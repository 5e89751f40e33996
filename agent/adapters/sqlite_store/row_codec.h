#pragma once
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>

#include "agent/ports/store.h"
#include "protocols/record/observation.h"

namespace edge {

/// The columns of a row in the order bind_row() and read_row() use.
inline constexpr const char* kRowColumns =
    "id, uid, site, device, type, idx, received_at, lag, bits, boot, mono_ms, value, unit, value_in, unit_in, reasons, "
    "policy_version, packet_id, raw, raw_bytes, raw_sha256, extra, tally, hash";

/// So many of them, the first ones, are what `hash` is made of.
inline constexpr int kHashedColumns = 23;

/// Texts made for a row while its statement runs.
struct RowTexts {
  std::string uid, reasons, raw_sha256, extra;
};

/// Binds without copying: row and texts must live until the statement has run.
/// `tally`: see counting.h.
void bind_row(SQLite::Statement& insert, RowId id, const NewObservation& row, RowTexts& texts, int tally);

/// A weighing or ticket as a row: what lists show of it, and its JSON as it goes over the wire.
struct Document {
  Observation head;  ///< see PendingRow::document
  std::string json;
};

/// The same for a document: its JSON stands in `extra`, a bit tells it from an observation.
void bind_document(SQLite::Statement& insert, RowId id, const Document& document, RowTexts& texts);

/// The JSON of the row at the statement's cursor; empty = it is an observation.
std::string read_document(const SQLite::Statement& select);

/// The row at the statement's cursor; raw_sha256 is computed where raw is the whole payload. `backfilled` is not the
/// row's to know. Of a document what lists show.
Observation read_row(const SQLite::Statement& select);

/// Whether a row with these `bits` is a document.
bool is_document_row(std::int64_t bits);

/// How a row with these `bits` came to its uid.
Identity identity_of(std::int64_t bits);

/// Whether the row is as it was written; a row of an older schema carries no hash and counts as that.
bool is_intact(const SQLite::Statement& select);

/// Of the same columns, only what the window of latest uids needs. Nothing for a document: no message is one.
std::optional<RecentUid> read_recent(const SQLite::Statement& select);

/// What thinning decides by; `fold` only where the row is flagged.
struct RowBrief {
  bool document = false;
  Flag flag = Flag::kOk;
  std::string site, device;
  std::int64_t received_at = 0;
  std::optional<Fold> fold;
};
RowBrief read_brief(const SQLite::Statement& select);

}  // namespace edge
