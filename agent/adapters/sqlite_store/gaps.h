#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "agent/ports/store.h"
#include "protocols/wire/records.h"

namespace edge {

struct StoreBody;

/// Rows of one epoch that leave the outbox together and that the server never got.
struct Loss {
  std::string reason;  ///< of a gap record: "thinned_ok" … (wire.md §3)
  RowId from = 0, to = 0;
  std::int64_t from_at = 0, to_at = 0;  ///< when the first and the last were received
  std::int64_t count = 0;               ///< readings; a folded row stands for several
  std::string site, device;             ///< empty = several

  /// One row more; `to`: the last row folded into it, or itself.
  void add(RowId id, RowId last, std::int64_t at, std::int64_t readings, const std::string& of_site,
           const std::string& of_device);
};

/// A gap record as the row it is.
struct GapRow {
  RowId id = 0;
  bool is_new = true;  ///< else the row is there already and is made wider
  wire::Gap gap;
};

/// The newest gap record of each reason, as long as nobody was told of it: what goes next is added to it, so that a long
/// outage makes one record an hour and not one for every thousand rows.
class GapBook {
 public:
  /// Pure. The record's epoch is that of the rows it speaks of, and its seq is counted in it: from_seq and to_seq would
  /// mean nothing in another.
  GapRow plan(const StoreBody& body, const Loss& loss) const;
  void note(const GapRow& row);

 private:
  std::map<std::string, GapRow, std::less<>> newest_;
};

/// Inside a transaction.
void write_gap(StoreBody& body, const GapRow& row);

}  // namespace edge
