#include "agent/adapters/sqlite_store/log_check.h"

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace edge {
namespace {

constexpr std::size_t kHeader = 32, kFrameHeader = 24;
constexpr std::uint32_t kMagic = 0x377F0682;  ///< its last bit: checksums are of big-endian words

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// The log's running checksum.
class LogSum {
 public:
  explicit LogSum(bool big) : big_(big) {}
  void add(std::string_view bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first_ += word(bytes, at) + second_;
      second_ += word(bytes, at + 4) + first_;
    }
  }
  bool is(std::string_view bytes, std::size_t at) const {
    return first_ == big_endian(bytes, at) && second_ == big_endian(bytes, at + 4);
  }

 private:
  std::uint32_t word(std::string_view bytes, std::size_t at) const {
    const std::uint32_t value = big_endian(bytes, at);
    return big_ ? value : __builtin_bswap32(value);
  }
  bool big_;
  std::uint32_t first_ = 0, second_ = 0;
};

}  // namespace

std::optional<std::size_t> find_broken_frame(const std::filesystem::path& log) {
  std::ifstream in(log, std::ios::binary);
  std::string header(kHeader, '\0');
  if (!in.read(header.data(), kHeader)) return std::nullopt;
  const std::uint32_t magic = big_endian(header, 0);
  const std::size_t page_bytes = big_endian(header, 8);
  LogSum sum((magic & 1) != 0);
  sum.add(std::string_view(header).substr(0, 24));
  bool broken = (magic & ~1U) != kMagic || !sum.is(header, 24);
  constexpr std::size_t kOurs = 1024;  // where the header is damaged
  std::string frame(kFrameHeader + (broken || page_bytes < 512 || page_bytes > 65'536 ? kOurs : page_bytes), '\0');
  std::string salts = header.substr(16, 8);
  std::size_t broken_at = 0;
  for (std::size_t n = 0; in.read(frame.data(), static_cast<std::streamsize>(frame.size())); ++n) {
    if (broken && n == 0) salts = frame.substr(8, 8);
    const bool ours = frame.compare(8, 8, salts) == 0;
    const bool commit = big_endian(frame, 4) != 0 && big_endian(frame, 0) != 0;
    if (broken) {
      if (ours && commit) return broken_at;
      continue;
    }
    sum.add(std::string_view(frame).substr(0, 8));
    sum.add(std::string_view(frame).substr(kFrameHeader));
    broken = !ours || !sum.is(frame, 16);
    broken_at = n;
  }
  return std::nullopt;
}

}  // namespace edge
