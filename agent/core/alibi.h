#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/store.h"
#include "protocols/record/chain.h"
#include "protocols/wire/weighing_link.h"

namespace edge {

/// What a check of one scale's whole alibi memory found.
struct ChainReport {
  std::string scale;
  std::int64_t records = 0;  ///< genesis records too
  std::int64_t epochs = 0;
  std::string head_epoch, head_hash;
  std::int64_t head_seq = -1;
  std::vector<std::string> faults;  ///< "epoch 3, number 412: changed: …", one line each; empty = it verifies
};

/// Recomputes every hash and every link, in steps that let captures through. Errors: the store's.
Result<ChainReport> verify_alibi(Weighings& weighings, std::string_view gateway, std::string_view scale);

using wire::link_of;

}  // namespace edge
