#include "protocols/record/sha256.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>

#include "protocols/bytes.h"

namespace edge {

// FIPS 180-4, section 5.3.3.
Sha256::Sha256(Sha256Blocks work)
    : work_(work),
      state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::update(std::string_view bytes) {
  length_ += bytes.size();
  if (buffered_ + bytes.size() < buffer_.size()) {
    keep(bytes);
    return;
  }
  if (buffered_ > 0) {
    const std::size_t missing = buffer_.size() - buffered_;
    keep(bytes.substr(0, missing));
    bytes.remove_prefix(missing);
    work_(state_, buffer_.data(), 1);
    buffered_ = 0;
  }
  const std::size_t blocks = bytes.size() / buffer_.size();
  work_(state_, reinterpret_cast<const std::uint8_t*>(bytes.data()), blocks);
  keep(bytes.substr(blocks * buffer_.size()));
}

void Sha256::keep(std::string_view bytes) {
  if (bytes.empty()) return;  // its data may be null
  std::memcpy(buffer_.data() + buffered_, bytes.data(), bytes.size());
  buffered_ += bytes.size();
}

Sha256::Digest Sha256::finish() {
  constexpr std::size_t kLengthAt = 56;
  const std::uint64_t bits = length_ * 8;
  buffer_[buffered_++] = 0x80;
  if (buffered_ > kLengthAt) {
    std::memset(buffer_.data() + buffered_, 0, buffer_.size() - buffered_);
    work_(state_, buffer_.data(), 1);
    buffered_ = 0;
  }
  std::memset(buffer_.data() + buffered_, 0, kLengthAt - buffered_);
  for (std::size_t i = 0; i < 8; ++i) buffer_[63 - i] = static_cast<std::uint8_t>(bits >> (8 * i) & 0xffU);
  work_(state_, buffer_.data(), 1);
  Digest digest;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)) & 0xffU);
  }
  return digest;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return to_hex(hash.finish());
}

LengthPrefixed& LengthPrefixed::text(std::string_view part) {
  constexpr std::size_t kPrefix = 4;
  if (used_ + kPrefix + part.size() > pending_.size()) flush();
  const auto size = static_cast<std::uint32_t>(part.size());
  const std::array<char, kPrefix> prefix = {static_cast<char>(size >> 24U), static_cast<char>(size >> 16U),
                                            static_cast<char>(size >> 8U), static_cast<char>(size)};
  std::memcpy(pending_.data() + used_, prefix.data(), kPrefix);
  used_ += kPrefix;
  if (used_ + part.size() > pending_.size()) {
    flush();
    hash_.update(part);
  } else if (!part.empty()) {
    std::memcpy(pending_.data() + used_, part.data(), part.size());
    used_ += part.size();
  }
  return *this;
}

void LengthPrefixed::flush() {
  hash_.update({pending_.data(), used_});
  used_ = 0;
}

Sha256::Digest LengthPrefixed::finish() {
  flush();
  return hash_.finish();
}

LengthPrefixed& LengthPrefixed::number(std::int64_t part) {
  std::array<char, 20> digits;  // "-9223372036854775808"
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), part);
  return text({digits.data(), static_cast<std::size_t>(written.ptr - digits.data())});
}

std::string LengthPrefixed::hex64() { return to_hex(finish()); }

std::string LengthPrefixed::hex32() {
  const Sha256::Digest digest = finish();
  return to_hex(std::span(digest).first(16));
}

}  // namespace edge
