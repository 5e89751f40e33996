#include "agent/core/uid_window.h"

#include <bit>
#include <charconv>

#include "protocols/bytes.h"
#include "protocols/record/sha256.h"

namespace edge {
namespace {

std::uint64_t from_hex16(std::string_view digits) {
  std::uint64_t bits = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
  return bits;
}

void append_hex16(std::string& out, std::uint64_t bits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[(bits >> shift) & 0xF]);
}

}  // namespace

std::uint64_t message_key(const MessageTraits& traits) {
  if (traits.packet_id == 0) return 0;
  LengthPrefixed hash;
  hash.number(traits.packet_id).text(traits.site).text(traits.device).number(traits.index).text(traits.raw_sha256);
  const std::uint64_t key = from_hex16(std::string_view(hash.hex32()).substr(0, 16));
  return key == 0 ? 1 : key;
}

UidWindow::UidWindow(std::size_t capacity)
    : ring_(capacity == 0 ? 1 : capacity),
      by_uid_(std::bit_ceil(ring_.size() * 2), kNone),
      by_key_(by_uid_.size(), kNone) {}

std::optional<UidWindow::Uid> UidWindow::to_uid(std::string_view text) {
  if (!is_lower_hex(text, 32)) return std::nullopt;
  return Uid{from_hex16(text.substr(0, 16)), from_hex16(text.substr(16))};
}

bool UidWindow::contains(std::string_view text) const {
  const auto uid = to_uid(text);
  if (!uid) return false;
  for (std::uint32_t slot = by_uid_[bucket(uid->low)]; slot != kNone; slot = ring_[slot].next_uid) {
    if (ring_[slot].low == uid->low && ring_[slot].high == uid->high) return true;
  }
  return false;
}

// A chain holds one entry or two: the walk to the entry that leaves is short.
void UidWindow::unlink(std::uint32_t slot) {
  Entry& entry = ring_[slot];
  std::uint32_t* link = &by_uid_[bucket(entry.low)];
  while (*link != slot) link = &ring_[*link].next_uid;
  *link = entry.next_uid;
  if (entry.key == 0) return;
  link = &by_key_[bucket(entry.key)];
  while (*link != slot) link = &ring_[*link].next_key;
  *link = entry.next_key;
}

void UidWindow::add(std::string_view text, std::uint64_t key) {
  const auto uid = to_uid(text);
  if (!uid) return;
  const auto slot = static_cast<std::uint32_t>(next_ % ring_.size());
  if (next_ >= ring_.size()) unlink(slot);
  ++next_;
  Entry& entry = ring_[slot];
  entry = Entry{uid->high, uid->low, key, kNone, kNone, 0};
  std::uint32_t& uid_head = by_uid_[bucket(entry.low)];
  entry.next_uid = uid_head;
  uid_head = slot;
  if (key == 0) return;
  std::uint32_t& key_head = by_key_[bucket(key)];
  entry.next_key = key_head;
  key_head = slot;
}

std::optional<std::string> UidWindow::take_redelivered(std::uint64_t key, std::uint32_t connection) {
  if (key == 0) return std::nullopt;
  for (std::uint32_t slot = by_key_[bucket(key)]; slot != kNone; slot = ring_[slot].next_key) {
    Entry& entry = ring_[slot];
    const std::size_t newest = static_cast<std::size_t>((next_ - 1) % ring_.size());
    const std::size_t age = (newest + ring_.size() - slot) % ring_.size();
    if (age >= kRedeliveryReach) return std::nullopt;  // the rest of the chain is older
    if (entry.key != key || entry.answered_in == connection) continue;
    entry.answered_in = connection;
    std::string uid;
    append_hex16(uid, entry.high);
    append_hex16(uid, entry.low);
    return uid;
  }
  return std::nullopt;
}

}  // namespace edge
