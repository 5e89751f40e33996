#pragma once
#include <string_view>

#include "protocols/record/chain.h"
#include "protocols/wire/records.h"

namespace edge::wire {

/// What the hash of `weighing` is made of, for weighing_hash() and ChainWalk; views into `weighing` and `gateway`.
/// An override's reason wins over a manual entry's (wire.md §3).
WeighingLink link_of(const Weighing& weighing, std::string_view gateway);

}  // namespace edge::wire
