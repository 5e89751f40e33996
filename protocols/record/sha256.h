#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace edge {

/// SHA-256 (FIPS 180-4). Own code because the Python module may link nothing but the standard
/// library; proven against the NIST vectors.
class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  Sha256();
  void update(std::string_view bytes);
  /// Ends the message; the object must not be updated afterwards.
  Digest finish();

 private:
  void block(const std::uint8_t* bytes);

  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, 64> buffer_;
  std::size_t buffered_ = 0;
  std::uint64_t length_ = 0;
};

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// Feeds length-prefixed parts into a hash: LP(a, b, …) of wire.md §1 (length as 4 bytes
/// big-endian, then the bytes; a missing part has length 0).
class LengthPrefixed {
 public:
  LengthPrefixed& text(std::string_view part);
  LengthPrefixed& number(std::int64_t part);
  /// All 64 hex digits.
  std::string hex64();
  /// The first 32 hex digits: a uid or identity hash.
  std::string hex32();

 private:
  Sha256 hash_;
};

}  // namespace edge
