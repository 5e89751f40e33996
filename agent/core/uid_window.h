#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace edge {

/// The latest uids, and which message each came from (design.md §5).
///
/// Redeliveries within the last 65,536 rows are caught here; older ones by the server's unique key. Not thread-safe.
class UidWindow {
 public:
  static constexpr std::size_t kCapacity = 65'536;
  /// A packet id comes round after 65,535 messages: only rows younger than half of that may answer a DUP.
  static constexpr std::size_t kRedeliveryReach = 32'768;

  explicit UidWindow(std::size_t capacity = kCapacity);

  bool contains(std::string_view uid) const;
  /// `message_key`: hash over packet id, topic's site and device, payload; empty where a DUP can never name it.
  void add(std::string uid, std::string message_key);
  /// The newest row with that key that has not answered a DUP yet; it is used up by this call.
  std::optional<std::string> take_redelivered(std::string_view message_key);
  std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    std::string uid;
    std::string message_key;
    bool used_up = false;
  };
  std::size_t capacity_;
  std::uint64_t next_ = 0;
  std::deque<Entry> order_;
  std::unordered_map<std::string, std::uint64_t> by_uid_;
  std::unordered_multimap<std::string, std::uint64_t> by_message_;
};

}  // namespace edge
