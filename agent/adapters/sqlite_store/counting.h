#pragma once
#include <cstddef>

#include "agent/ports/store.h"

namespace edge {

/// Counters cost as much as the row they count if they are written with each of them. So a row carries a `tally`: what
/// its message adds to the counters, as one small number. Table `counter` holds the sums up to the row "#upto"; the
/// tallies of the rows after it are added when the store is opened.
inline constexpr const char* kCountedUpto = "#upto";

/// Rows that may stand in their tallies alone: what an opening reads.
inline constexpr RowId kTallyRows = 1'000;

/// The tally of a message of one row; 0 where its counters are none of the usual ones: then the sums are written.
int tally_of(std::size_t rows, const Counters& add);

/// What `times` rows with that tally add.
void add_tally(int tally, std::int64_t times, Counters& counters);

}  // namespace edge
