#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocols/record/sha256_blocks.h"

namespace edge {

/// SHA-256 (FIPS 180-4). Own code because the Python module may link nothing but the standard
/// library; proven against the NIST vectors.
class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  explicit Sha256(Sha256Blocks work = sha256_blocks());
  void update(std::string_view bytes);
  /// Ends the message; the object must not be updated afterwards.
  Digest finish();

 private:
  /// No more bytes than the buffer has room for.
  void keep(std::string_view bytes);

  Sha256Blocks work_;
  Sha256State state_;
  std::array<std::uint8_t, 64> buffer_;  ///< the first buffered_ are set
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
  Sha256::Digest finish();
  void flush();

  Sha256 hash_;
  // Most messages fit: then they are hashed in one piece.
  std::array<char, 256> pending_;  ///< the first used_ are set
  std::size_t used_ = 0;
};

}  // namespace edge
