#include "protocols/record/decimal.h"

#include <algorithm>
#include <charconv>

namespace edge {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// A number as written: digits before and after the point, and the exponent, which saturates.
struct Parts {
  bool negative = false;
  std::string_view whole, fraction;
  long exponent = 0;
};

constexpr long kExponentCap = 1'000'000'000;

std::optional<long> take_exponent(std::string_view& text) {
  if (!take(text, 'e') && !take(text, 'E')) return 0;
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  const std::string_view digits = take_digits(text);
  if (digits.empty()) return std::nullopt;
  long value = 0;
  for (const char c : digits) value = std::min(value * 10 + (c - '0'), kExponentCap);
  return negative ? -value : value;
}

std::optional<Parts> parse(std::string_view text) {
  Parts parts;
  parts.negative = take(text, '-');
  if (!parts.negative) take(text, '+');
  parts.whole = take_digits(text);
  if (take(text, '.')) parts.fraction = take_digits(text);
  if (parts.whole.empty() && parts.fraction.empty()) return std::nullopt;
  const auto exponent = take_exponent(text);
  if (!exponent || !text.empty()) return std::nullopt;
  parts.exponent = *exponent;
  return parts;
}

/// The plain text of `parts`, or nothing where it is longer than a decimal may be.
std::optional<std::string> write(const Parts& parts) {
  std::string digits = std::string(parts.whole) + std::string(parts.fraction);
  long decimals = static_cast<long>(parts.fraction.size()) - parts.exponent;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  const bool zero = digits.empty();
  constexpr long kLimit = static_cast<long>(kDecimalLimit);
  if (decimals > kLimit || (!zero && decimals < -kLimit)) return std::nullopt;
  if (decimals < 0 && !zero) digits.append(static_cast<std::size_t>(-decimals), '0');
  decimals = std::max(decimals, 0L);
  const auto fraction = static_cast<std::size_t>(decimals);
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  if (fraction > 0) digits.insert(digits.size() - fraction, 1, '.');
  if (parts.negative && !zero) digits.insert(0, 1, '-');
  if (digits.size() > kDecimalLimit) return std::nullopt;
  return digits;
}

/// "21,5", "1.234,5", "-1,234.50": a person sees a number, a machine may not guess which.
bool is_comma_number(std::string_view text) {
  return text.find(',') != std::string_view::npos && std::any_of(text.begin(), text.end(), is_digit) &&
         text.find_first_not_of("0123456789+-., ") == std::string_view::npos;
}

/// Where the point is, or the end. Numbers are short: a loop is faster than a search made for long texts.
std::size_t point_of(std::string_view canonical) {
  std::size_t at = 0;
  while (at < canonical.size() && canonical[at] != '.') ++at;
  return at;
}
std::string_view fraction_of(std::string_view canonical, std::size_t point) {
  return canonical.substr(std::min(point + 1, canonical.size()));
}

int compare_fractions(std::string_view a, std::string_view b) {
  while (!a.empty() && a.back() == '0') a.remove_suffix(1);
  while (!b.empty() && b.back() == '0') b.remove_suffix(1);
  return a.compare(b);
}

int compare_magnitudes(std::string_view a, std::string_view b) {
  const std::size_t point_a = point_of(a);
  const std::size_t point_b = point_of(b);
  if (point_a != point_b) return point_a < point_b ? -1 : 1;
  for (std::size_t i = 0; i < point_a; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return compare_fractions(fraction_of(a, point_a), fraction_of(b, point_b));
}

}  // namespace

std::optional<std::string> written_out(std::string_view written) {
  const auto parts = parse(trimmed(written));
  return parts ? write(*parts) : std::nullopt;
}

DecimalText to_decimal(std::string_view written) {
  const std::string_view text = trimmed(written);
  const auto parts = parse(text);
  if (!parts) return {is_comma_number(text) ? DecimalFault::kComma : DecimalFault::kNotANumber, {}};
  auto plain = write(*parts);
  if (!plain || !is_storable(*plain)) return {DecimalFault::kNotStorable, {}};
  return {DecimalFault::kNone, *std::move(plain)};
}

bool is_decimal(std::string_view text) {
  if (text.size() > kDecimalLimit) return false;
  std::string_view rest = text;
  const bool negative = take(rest, '-');
  const std::string_view whole = take_digits(rest);
  if (whole.empty() || (whole.size() > 1 && whole[0] == '0')) return false;
  if (take(rest, '.') && take_digits(rest).empty()) return false;
  if (!rest.empty()) return false;
  return !negative || text.find_first_not_of("-0.") != std::string_view::npos;
}

bool is_storable(std::string_view text) {
  take(text, '-');
  const std::size_t point = point_of(text);
  if (point != kStorableIntegerDigits) return point < kStorableIntegerDigits;
  return text.substr(0, point).find_first_not_of('9') != std::string_view::npos ||
         fraction_of(text, point).substr(0, 4) != "9999";
}

int compare_decimals(std::string_view a, std::string_view b) {
  const bool negative_a = take(a, '-');
  const bool negative_b = take(b, '-');
  if (negative_a != negative_b) return negative_a ? -1 : 1;
  const int order = compare_magnitudes(a, b);
  return negative_a ? -order : order;
}

std::optional<double> to_double(std::string_view text) {
  if (!is_decimal(text)) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace edge
