#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// What a redelivery has in common with the row of its first delivery (wire.md §2).
struct MessageTraits {
  std::uint16_t packet_id = 0;
  std::string_view site, device;
  int index = 0;  ///< of the reading in its message
  std::string_view raw_sha256;
};
/// 64 bits of a SHA-256 over them; 0 where there is no packet id, which no DUP can ever name.
std::uint64_t message_key(const MessageTraits& traits);

/// The latest uids, and which message each came from (design.md §5).
///
/// Redeliveries within the last 65,536 rows are caught here; older ones by the server's unique key. About 4 MB, all of
/// it taken at construction. Not thread-safe.
class UidWindow {
 public:
  static constexpr std::size_t kCapacity = 65'536;
  /// A packet id comes round after 65,535 messages: only rows younger than half of that may answer a DUP.
  static constexpr std::size_t kRedeliveryReach = 32'768;

  explicit UidWindow(std::size_t capacity = kCapacity);

  /// `uid`: 32 hex digits; anything else is never contained.
  bool contains(std::string_view uid) const;
  /// `key`: message_key(); 0 where a DUP can never name the row. The oldest entry makes room.
  void add(std::string_view uid, std::uint64_t key);
  /// The uid of the newest row with that key that has not answered a DUP of this connection yet; it has then. Of a later
  /// connection it answers again: the acknowledgement of a redelivery can be lost like the first one.
  std::optional<std::string> take_redelivered(std::uint64_t key, std::uint32_t connection);
  std::size_t size() const { return next_ < ring_.size() ? static_cast<std::size_t>(next_) : ring_.size(); }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Entry {
    std::uint64_t high = 0, low = 0;  ///< the uid
    std::uint64_t key = 0;
    std::uint32_t next_uid = kNone, next_key = kNone;  ///< chains, newest first
    std::uint32_t answered_in = 0;  ///< the last connection it answered a DUP of; 0 = none
  };
  struct Uid {
    std::uint64_t high, low;
  };
  static std::optional<Uid> to_uid(std::string_view text);
  std::size_t bucket(std::uint64_t bits) const { return static_cast<std::size_t>(bits) & (by_uid_.size() - 1); }
  void unlink(std::uint32_t slot);

  std::vector<Entry> ring_;
  std::vector<std::uint32_t> by_uid_, by_key_;  ///< heads of the chains
  std::uint64_t next_ = 0;                      ///< entries ever added
};

}  // namespace edge
