#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "protocols/bytes.h"
#include "protocols/modbus/bits.h"
#include "protocols/modbus/register_map.h"
#include "protocols/record/decimal.h"
#include "protocols/record/reason.h"

namespace edge::modbus {
namespace {

/// digits × 10^exponent. Both factors of a product stay below 2^32 and 10^9 (a map's scale has no more digits), so
/// that the product fits.
struct Number {
  std::int64_t digits = 0;
  int exponent = 0;
};

/// Canonical decimal text, or the "1.5e+10" of to_chars, as digits and exponent.
std::optional<Number> number_from(std::string_view text) {
  Number out;
  std::string digits;
  bool fraction = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == 'e') {
      int power = 0;
      at += text.substr(at + 1).starts_with('+') ? 2 : 1;  // from_chars takes no '+'
      const auto read = std::from_chars(text.data() + at, text.data() + text.size(), power);
      if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
      out.exponent += power;
      break;
    }
    if (c == '.') {
      fraction = true;
      continue;
    }
    digits += c;
    if (fraction) --out.exponent;
  }
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out.digits);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return out;
}

std::optional<Number> number_of(std::uint32_t bits, WordType type) {
  switch (type) {
    case WordType::kI16:
      return Number{static_cast<std::int16_t>(static_cast<std::uint16_t>(bits)), 0};
    case WordType::kI32:
      return Number{static_cast<std::int32_t>(bits), 0};
    case WordType::kU16:
    case WordType::kU32:
      return Number{bits, 0};
    case WordType::kF32:
      break;
  }
  const float value = std::bit_cast<float>(bits);
  if (!std::isfinite(value)) return std::nullopt;
  std::array<char, 32> text{};
  // The shortest digits that read back as this float: at most nine of them.
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  return number_from({text.data(), written.ptr});
}

std::string hex_of(std::uint32_t bits, WordType type) {
  std::string bytes;
  for (int shift = 16 * words_of(type) - 8; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift & 0xFF);
  return to_hex(bytes);
}

}  // namespace

std::optional<std::uint32_t> bits_at(std::uint16_t reg, WordType type, const Registers& registers, ByteOrder order) {
  const auto first = registers.find(reg);
  if (first == registers.end()) return std::nullopt;
  // One word alone: what stands in the high half of (word, 0) with its bytes in order.
  const bool swaps = order == ByteOrder::kBADC || order == ByteOrder::kDCBA;
  if (words_of(type) == 1) {
    return join_words(first->second, 0, swaps ? ByteOrder::kBADC : ByteOrder::kABCD) >> 16;
  }
  if (reg == 0xFFFF) return std::nullopt;
  const auto second = registers.find(static_cast<std::uint16_t>(reg + 1));
  if (second == registers.end()) return std::nullopt;
  return join_words(first->second, second->second, order);
}

RegisterText read_value(const MapValue& value, const Registers& registers, ByteOrder order) {
  const auto bits = bits_at(value.reg, value.type, registers, order);
  if (!bits) return {"", make_reason("register_missing", std::to_string(value.reg))};
  for (const std::uint32_t sentinel : value.sentinels) {
    if (*bits == sentinel) return {"", make_reason("sentinel", hex_of(*bits, value.type))};
  }
  const auto number = number_of(*bits, value.type);
  const auto scale = number_from(value.scale);
  if (!number) return {"", make_reason("not_a_number")};
  if (!scale || std::abs(scale->digits) > kScaleDigitsLimit) return {"", make_reason("not_storable")};
  const std::string product = std::to_string(number->digits * scale->digits);
  const DecimalText text = to_decimal(product + "e" + std::to_string(number->exponent + scale->exponent));
  if (text.fault != DecimalFault::kNone) return {"", make_reason("not_storable")};
  return {text.text, ""};
}

}  // namespace edge::modbus
