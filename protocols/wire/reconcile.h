#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/result.h"

/// ingest.reconcile (wire.md §7): what the server lacks of what it took once.
namespace edge::wire {

inline constexpr std::int64_t kBlockSeqs = 4'096;
inline constexpr std::size_t kReconcileBlocks = 128;  ///< most of one request
inline constexpr std::size_t kReconcileUids = 5'000;  ///< most of one request

/// The seq a block is named by: 1, 4097, …
constexpr std::int64_t first_of_block(std::int64_t seq) { return (seq - 1) / kBlockSeqs * kBlockSeqs + 1; }

/// Count and XOR over the distinct uids of one block.
struct BlockSum {
  std::int64_t from = 1;
  std::int64_t count = 0;
  std::array<std::uint8_t, 16> exclusive_or{};
};

/// The sum over the distinct uids of `uids` (each 32 hex digits; others are left out).
BlockSum sum_of_block(std::int64_t from, std::span<const std::string> uids);

struct ReconcileHead {
  std::string gateway, epoch, instance;  ///< epoch: that of the blocks, an earlier or provisional one too
};
std::string encode_reconcile_blocks(const ReconcileHead& head, std::span<const BlockSum> blocks);
std::string encode_reconcile_uids(const ReconcileHead& head, std::span<const std::string> uids);

/// The `from` of the blocks that differ. Errors: kMalformed.
Result<std::vector<std::int64_t>> parse_reconcile_differ(std::string_view body);
/// The uids the server lacks. Errors: kMalformed.
Result<std::vector<std::string>> parse_reconcile_missing(std::string_view body);

}  // namespace edge::wire
