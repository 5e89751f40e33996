#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edge {

/// The last link of the epoch before, as the first record of an epoch names it (wire.md §3).
struct GenesisLink {
  std::string_view epoch;
  std::int64_t alibi_seq = 0;
  std::string_view hash;
};

/// What the hash of a weighing is made of. Texts as on the wire; empty = missing.
struct WeighingLink {
  std::string_view prev_hash;  ///< 64 hex digits, hashed as that text
  std::string_view gateway, site, scale, epoch;
  std::int64_t alibi_seq = 0;
  std::int64_t at = 0;  ///< UTC ms
  std::string_view value, unit, e, mode, role, stability, raw_hex, indicator_alibi;
  bool manual = false;
  std::string_view operator_id;
  std::string_view override_or_reason;
  std::optional<GenesisLink> genesis;  ///< role "genesis": empty for a scale that has no epoch before
};

/// `hash` of a weighing record: 64 lower-case hex digits. Source: wire.md §3. Role "genesis" appends the three
/// genesis parts, each of length 0 for a new scale.
std::string weighing_hash(const WeighingLink& link);

}  // namespace edge
