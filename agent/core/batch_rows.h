#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/store.h"
#include "protocols/wire/batch.h"

namespace edge {

/// Rows and what each of them is on the wire (wire.md §3).
struct EncodedRows {
  std::vector<PendingRow> rows;
  std::vector<std::string> records;  ///< one of each row
  std::string epoch;                 ///< of the request they go with: rows of another one say their own
  bool cut = false;                  ///< rows beyond 1 MB were left behind
};

/// For a request with `head`; rows beyond 1 MB are taken off the end.
EncodedRows encode_rows(std::vector<PendingRow> rows, const wire::BatchHead& head);

}  // namespace edge
