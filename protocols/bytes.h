#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace edge {

/// Most bytes of `raw` a record carries, after encoding (wire.md §1).
inline constexpr std::size_t kRawLimit = 4096;

/// Lower-case hex, two digits a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_hex(std::string_view bytes);

/// Bytes of a lower- or upper-case hex text of even length, else nothing.
std::optional<std::string> from_hex(std::string_view hex);

/// True for exactly `length` lower-case hex digits.
bool is_lower_hex(std::string_view text, std::size_t length);

/// RFC 4648 base64 with padding.
std::string to_base64(std::string_view bytes);

/// One character of a text: its code point and bytes, or U+FFFD, 1 byte and not valid.
struct Utf8Char {
  std::uint32_t code = 0;
  std::size_t size = 1;
  bool valid = false;
};
/// The character at `at`, which must be below `text.size()`.
Utf8Char next_utf8(std::string_view text, std::size_t at);

/// True for well-formed UTF-8 (no overlong forms, no surrogates, <= U+10FFFF).
bool is_utf8(std::string_view text);

/// True for well-formed UTF-8 without control characters (C0 but tab, DEL, C1).
bool is_plain_text(std::string_view text);

/// `text` cut to at most `limit` bytes, never inside a UTF-8 sequence.
std::string_view cut_utf8(std::string_view text, std::size_t limit);

/// `text` as one line of at most `max_chars` characters: controls and line breaks become blanks, bytes that are
/// no UTF-8 become '?'. For text from outside that goes into a field.
std::string one_line(std::string_view text, std::size_t max_chars);

/// A payload as a record carries it (wire.md §1): itself if plain text, else "base64:…", cut to
/// `limit` bytes.
std::string raw_text(std::string_view bytes, std::size_t limit = kRawLimit);

/// `text` with every byte that is not printable ASCII as \xHH, cut to `limit` bytes: for logs.
std::string for_log(std::string_view text, std::size_t limit = 64);

/// True for an id of a site, device or scale: [A-Za-z0-9._:-]{1,64}.
bool is_wire_id(std::string_view id);

/// True for an observation type: [a-z0-9_.]{1,64}.
bool is_wire_type(std::string_view type);

}  // namespace edge
