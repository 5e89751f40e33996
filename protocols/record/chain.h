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

/// prev_hash of the first record of an epoch.
inline constexpr std::string_view kNoHash = "0000000000000000000000000000000000000000000000000000000000000000";

/// Walks one chain (one scale, one epoch) in order of alibi_seq and says the first thing wrong with it.
class ChainWalk {
 public:
  enum class Fault : std::uint8_t {
    kNone,
    kNoGenesis,  ///< does not begin with a genesis record of alibi_seq 0 and prev_hash kNoHash
    kGap,        ///< alibi_seq is not the one before + 1
    kBroken,     ///< prev_hash is not the hash of the record before
    kChanged,    ///< hash is not that of its own content
  };
  /// `hash`: as stored beside the content. After a fault every further step repeats it.
  Fault step(const WeighingLink& link, std::string_view hash);
  std::int64_t steps() const { return steps_; }          ///< records that were right
  const std::string& head() const { return head_; }      ///< hash of the newest right one
  std::int64_t head_seq() const { return head_seq_; }    ///< -1 before the first

 private:
  Fault fault_of(const WeighingLink& link, std::string_view hash) const;

  Fault fault_ = Fault::kNone;
  std::int64_t steps_ = 0, head_seq_ = -1;
  std::string head_;
};
std::string_view to_text(ChainWalk::Fault fault);  // "" "no_genesis" "gap" "broken" "changed"

}  // namespace edge
