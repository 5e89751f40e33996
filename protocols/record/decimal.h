#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace edge {

/// Longest number text on the wire (wire.md §1).
inline constexpr std::size_t kDecimalLimit = 40;
/// Digits before the point that Frappe's Float column (decimal(21,9)) holds.
inline constexpr std::size_t kStorableIntegerDigits = 12;

enum class DecimalFault {
  kNone,
  kNotANumber,   ///< "abc", "", NaN, Infinity, "unavailable"
  kComma,        ///< "21,5": never guessed whether decimal or thousands
  kNotStorable,  ///< a number, but longer than 40 characters written out or too large to store
};

struct DecimalText {
  DecimalFault fault = DecimalFault::kNotANumber;
  std::string text;  ///< canonical when fault is kNone, else empty
};

/// Canonical decimal text of a number as somebody wrote it (wire.md §1).
///
/// Takes JSON numbers and the same inside a string (leading/trailing blanks, a leading '+', leading
/// zeros and a missing digit beside the point are accepted). "28.50" stays "28.50": trailing zeros carry
/// the resolution. "2.85e1" is written out as "28.5". "-0" is "0", "-0.0" is "0.0". Never throws.
DecimalText to_decimal(std::string_view written);

/// The canonical text of a number as somebody wrote it, whether a column can hold it or not (a Unix time in ms has
/// 13 digits). Nothing where it is no number or longer than 40 characters.
std::optional<std::string> written_out(std::string_view written);

/// True for `-?(0|[1-9][0-9]*)(\.[0-9]+)?` of at most 40 characters, no "-0".
bool is_decimal(std::string_view text);

/// False where the column decimal(21,9) cannot hold the integer part of canonical `text`, or could not once a
/// binary double on the way to it has been rounded up (999999999999.9999 and above).
bool is_storable(std::string_view text);

/// Exact comparison of two canonical texts: below, at or above 0 as `a` is less than, equal to or greater than `b`.
int compare_decimals(std::string_view a, std::string_view b);

/// The nearest binary double of canonical `text`; for judging telemetry only, never for a weight.
std::optional<double> to_double(std::string_view text);

/// `text` × numerator / denominator + offset, exactly, rounded half away from zero to 9 decimals, trailing
/// zeros dropped. kNotStorable where the result or an intermediate does not fit.
struct Linear {
  long long pre_offset = 0;  ///< added first, in units of 10^-2 (…°F - 32 is -3200)
  long long numerator = 1;
  long long denominator = 1;
  long long post_offset = 0;  ///< added last, in units of 10^-2 (… + 273.15 is 27315)
};
DecimalText convert_linear(std::string_view text, const Linear& by);

}  // namespace edge
