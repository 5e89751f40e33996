#include "protocols/bytes.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace edge {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

using HexPair = std::array<char, 2>;
constexpr std::array<HexPair, 256> make_hex_pairs() {
  std::array<HexPair, 256> pairs{};
  for (std::size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {kHexDigits[byte >> 4U], kHexDigits[byte & 15U]};
  return pairs;
}
constexpr std::array<HexPair, 256> kHexPairs = make_hex_pairs();

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(std::uint32_t c) { return c < 0x20 || (c >= 0x7f && c <= 0x9f); }

/// Line and paragraph separator: controls to a reader of a log, not to Unicode.
bool breaks_line(std::uint32_t c) { return c == 0x2028 || c == 0x2029; }

// Classes of characters. A look-up a byte: these checks run on every text of every record of a batch.
enum Class : std::uint8_t { kWireId = 1, kWireType = 2 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    unsigned of = 0;
    if (digit || lower || upper || c == '.' || c == '_' || c == ':' || c == '-') of |= kWireId;
    if (digit || lower || c == '.' || c == '_') of |= kWireType;
    classes[c] = static_cast<std::uint8_t>(of);
  }
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

/// Every byte is looked at, whatever the ones before it say: without a branch a byte this is several times as fast.
bool all_are(Class wanted, std::string_view text) {
  unsigned all = wanted;
  for (const char c : text) all &= kClasses[static_cast<unsigned char>(c)];
  return all != 0;
}

/// Eight bytes at a time; the last eight may overlap those before.
bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::uint64_t all = 0;
  std::uint64_t eight = 0;
  if (text.size() < sizeof eight) {
    for (const char c : text) all |= static_cast<unsigned char>(c);
    return (all & kHighBits) == 0;
  }
  for (std::size_t at = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    all |= eight;
  }
  std::memcpy(&eight, text.data() + text.size() - sizeof eight, sizeof eight);
  return ((all | eight) & kHighBits) == 0;
}

}  // namespace

Utf8Char next_utf8(std::string_view text, std::size_t at) {
  const unsigned lead = byte_at(text, at);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  // C0, C1: overlong; F5 and above: beyond U+10FFFF; 80…BF: no lead byte.
  if (lead < 0xc2 || lead > 0xf4 || text.size() - at < size) return {0xfffd, 1, false};
  std::uint32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const unsigned byte = byte_at(text, at + i);
    if ((byte & 0xc0U) != 0x80) return {0xfffd, 1, false};
    code = code << 6U | (byte & 0x3fU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) return {0xfffd, 1, false};
  return {code, size, true};
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string out(bytes.size() * 2, '0');
  char* at = out.data();
  for (const std::uint8_t byte : bytes) {
    std::memcpy(at, kHexPairs[byte].data(), 2);
    at += 2;
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  return to_hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]);
    const int low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

bool is_lower_hex(std::string_view text, std::size_t length) {
  if (text.size() != length) return false;
  // Without a branch or look-up a byte, so that the compiler makes vector instructions of it.
  std::uint8_t wrong = 0;
  for (const char c : text) {
    const auto from_0 = static_cast<std::uint8_t>(c - '0');
    const auto from_a = static_cast<std::uint8_t>(c - 'a');
    wrong |= static_cast<std::uint8_t>(static_cast<std::uint8_t>(from_0 > 9) & static_cast<std::uint8_t>(from_a > 5));
  }
  return wrong == 0;
}

std::string to_base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = byte_at(bytes, i) << 16U;
    if (have > 1) group |= byte_at(bytes, i + 1) << 8U;
    if (have > 2) group |= byte_at(bytes, i + 2);
    out += kAlphabet[group >> 18U & 63U];
    out += kAlphabet[group >> 12U & 63U];
    out += have > 1 ? kAlphabet[group >> 6U & 63U] : '=';
    out += have > 2 ? kAlphabet[group & 63U] : '=';
  }
  return out;
}

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Char c = next_utf8(text, i);
    if (!c.valid) return false;
    i += c.size;
  }
  return true;
}

bool is_plain_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Char c = next_utf8(text, i);
    if (!c.valid || (is_control(c.code) && c.code != '\t')) return false;
    i += c.size;
  }
  return true;
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  // A sequence has at most three continuation bytes; more of them is no UTF-8 and is cut where it is.
  for (int back = 0; back < 3 && end > 0 && (byte_at(text, end) & 0xc0U) == 0x80; ++back) --end;
  if ((byte_at(text, end) & 0xc0U) == 0x80) end = limit;
  return text.substr(0, end);
}

std::string one_line(std::string_view text, std::size_t max_chars) {
  std::string out;
  std::size_t chars = 0;
  for (std::size_t i = 0; i < text.size() && chars < max_chars; ++chars) {
    const Utf8Char c = next_utf8(text, i);
    if (!c.valid) {
      out += '?';
    } else if (is_control(c.code) || breaks_line(c.code)) {
      out += ' ';
    } else {
      out += text.substr(i, c.size);
    }
    i += c.size;
  }
  return out;
}

std::string raw_text(std::string_view bytes, std::size_t limit) {
  if (is_plain_text(bytes)) return std::string(cut_utf8(bytes, limit));
  static constexpr std::string_view kPrefix = "base64:";
  if (limit <= kPrefix.size()) return std::string(kPrefix.substr(0, limit));
  // Whole groups only, so that what is left still decodes.
  const std::size_t groups = (limit - kPrefix.size()) / 4;
  return std::string(kPrefix) + to_base64(bytes.substr(0, groups * 3));
}

std::string for_log(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned byte = byte_at(text, i);
    const bool printable = byte >= 0x20 && byte < 0x7f;
    if (out.size() + (printable ? 1 : 4) > limit) break;
    if (printable) {
      out += text[i];
    } else {
      out += "\\x";
      out += kHexDigits[byte >> 4U];
      out += kHexDigits[byte & 15U];
    }
  }
  return out;
}

bool is_wire_id(std::string_view id) { return !id.empty() && id.size() <= 64 && all_are(kWireId, id); }

bool is_wire_type(std::string_view type) { return !type.empty() && type.size() <= 64 && all_are(kWireType, type); }

}  // namespace edge
