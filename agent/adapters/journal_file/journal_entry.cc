#include "agent/adapters/journal_file/journal_entry.h"

#include <cstdint>
#include <type_traits>

#include "protocols/record/sha256.h"

namespace edge {
namespace {

constexpr std::string_view kMagic = "edgemsg1";
constexpr std::size_t kSealAt = 48, kSealBytes = 16, kHead = 64;
constexpr std::size_t kLongest = std::size_t{1} << 20;

template <class Int>
void put(std::string& out, std::size_t at, Int value) {
  auto bits = static_cast<std::make_unsigned_t<Int>>(value);
  for (std::size_t i = 0; i < sizeof(Int); ++i) {
    out[at + i] = static_cast<char>(bits & 0xFFU);
    bits = static_cast<std::make_unsigned_t<Int>>(static_cast<std::uint64_t>(bits) >> 8);
  }
}

template <class Int>
Int get(std::string_view bytes, std::size_t at) {
  std::uint64_t bits = 0;
  for (std::size_t i = sizeof(Int); i-- > 0;) bits = bits << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return static_cast<Int>(static_cast<std::make_unsigned_t<Int>>(bits));
}

std::string seal_of(std::string_view entry, std::string_view secret) {
  Sha256 hash;
  hash.update(secret);
  hash.update(entry.substr(0, kSealAt));
  hash.update(entry.substr(kHead));
  const auto digest = hash.finish();
  return {digest.begin(), digest.begin() + kSealBytes};
}

}  // namespace

void encode_entry(const ArrivedMessage& message, std::string_view secret, std::string& out) {
  const std::size_t length = kHead + message.at.boot.size() + message.topic.size() + message.payload.size();
  out.assign(kHead, '\0');
  out.reserve(length);
  out.replace(0, kMagic.size(), kMagic);
  put(out, 8, static_cast<std::uint32_t>(length));
  put(out, 12, static_cast<std::uint16_t>(message.topic.size()));
  put(out, 14, message.packet_id);
  out[16] = static_cast<char>((message.retained ? 1 : 0) | (message.duplicate ? 2 : 0));
  out[17] = static_cast<char>(message.at.clock);
  put(out, 18, static_cast<std::uint16_t>(message.at.boot.size()));
  put(out, 20, message.connection);
  put(out, 24, message.number);
  put(out, 32, message.at.utc_ms);
  put(out, 40, message.at.mono_ms);
  out += message.at.boot;
  out += message.topic;
  out += message.payload;
  out.replace(kSealAt, kSealBytes, seal_of(out, secret));
}

std::optional<StoredEntry> decode_entry(std::string_view bytes, std::string_view secret) {
  if (bytes.size() < kHead || !bytes.starts_with(kMagic)) return std::nullopt;
  const std::size_t length = get<std::uint32_t>(bytes, 8);
  const std::size_t topic = get<std::uint16_t>(bytes, 12), boot = get<std::uint16_t>(bytes, 18);
  if (length < kHead + boot + topic || length > bytes.size() || length > kLongest) return std::nullopt;
  if (static_cast<std::uint8_t>(bytes[17]) > static_cast<std::uint8_t>(ClockState::kCorrected)) return std::nullopt;
  bytes = bytes.substr(0, length);
  if (seal_of(bytes, secret) != bytes.substr(kSealAt, kSealBytes)) return std::nullopt;
  StoredEntry entry;
  entry.bytes = length;
  ArrivedMessage& message = entry.message;
  message.packet_id = get<std::uint16_t>(bytes, 14);
  message.retained = (bytes[16] & 1) != 0;
  message.duplicate = (bytes[16] & 2) != 0;
  message.connection = get<std::uint32_t>(bytes, 20);
  message.number = get<std::uint64_t>(bytes, 24);
  message.at = {get<std::int64_t>(bytes, 32), get<std::int64_t>(bytes, 40), static_cast<ClockState>(bytes[17]),
                std::string(bytes.substr(kHead, boot))};
  message.topic = bytes.substr(kHead + boot, topic);
  message.payload = bytes.substr(kHead + boot + topic);
  return entry;
}

}  // namespace edge
