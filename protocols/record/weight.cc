#include "protocols/record/weight.h"

#include <algorithm>
#include <array>

#include "protocols/record/decimal.h"

namespace edge {
namespace {

/// Wide enough for every weight within the limits at the finest resolution: 10^15 × 10^15.
__extension__ using Wide = __int128;

constexpr std::int64_t kDigitsLimit = 1'000'000'000'000'000;
constexpr int kFinestExponent = -9;
constexpr int kCoarsestExponent = 6;

Wide magnitude_of(Wide value) { return value < 0 ? -value : value; }

Wide power_of_ten(int exponent) {
  Wide power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

bool is_within_limits(const Weight& weight) {
  return weight.digits >= -kDigitsLimit && weight.digits <= kDigitsLimit && weight.exponent >= kFinestExponent &&
         weight.exponent <= kCoarsestExponent;
}

std::optional<Weight> within_limits(Wide digits, int exponent) {
  if (magnitude_of(digits) > kDigitsLimit) return std::nullopt;
  return Weight{static_cast<std::int64_t>(digits), exponent};
}

/// The digits of `weight` written with `exponent`, which is not above its own. Beyond the limits the exponent counts
/// as the nearest within, so that nothing overflows.
Wide digits_at(const Weight& weight, int exponent) {
  const auto clamped = [](int any) { return std::clamp(any, kFinestExponent, kCoarsestExponent); };
  return Wide{weight.digits} * power_of_ten(clamped(weight.exponent) - clamped(exponent));
}

struct MassUnit {
  std::string_view written;  ///< lower case
  std::string_view name;
  std::int64_t gram_numerator;
  std::int64_t gram_denominator;
};
// 1 lb = 0.45359237 kg exactly (international pound of 1959).
constexpr std::array<MassUnit, 6> kMassUnits = {{
    {"kg", "kg", 1000, 1},
    {"kgs", "kg", 1000, 1},
    {"g", "g", 1, 1},
    {"t", "t", 1'000'000, 1},
    {"lb", "lb", 45'359'237, 100'000},
    {"lbs", "lb", 45'359'237, 100'000},
}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

const MassUnit* find_mass_unit(std::string_view written) {
  const auto same = [&](const MassUnit& unit) {
    return std::equal(written.begin(), written.end(), unit.written.begin(), unit.written.end(),
                      [](char a, char b) { return lower(a) == b; });
  };
  const auto* const at = std::find_if(kMassUnits.begin(), kMassUnits.end(), same);
  return at == kMassUnits.end() ? nullptr : &*at;
}

}  // namespace

std::string to_text(const Weight& weight) {
  if (!is_within_limits(weight)) return {};
  if (weight.digits == 0 && weight.exponent >= 0) return "0";
  std::string text = std::to_string(magnitude(weight).digits);
  if (weight.exponent > 0) text.append(static_cast<std::size_t>(weight.exponent), '0');
  if (weight.exponent < 0) {
    const auto decimals = static_cast<std::size_t>(-weight.exponent);
    if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
    text.insert(text.size() - decimals, 1, '.');
  }
  if (weight.digits < 0) text.insert(0, 1, '-');
  return text;
}

std::optional<Weight> weight_from(std::string_view text) {
  if (!is_decimal(text)) return std::nullopt;
  const std::size_t point = text.find('.');
  const std::size_t decimals = point == std::string_view::npos ? 0 : text.size() - point - 1;
  if (decimals > static_cast<std::size_t>(-kFinestExponent)) return std::nullopt;
  std::int64_t digits = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') continue;  // the sign and the point
    digits = digits * 10 + (c - '0');
    if (digits > kDigitsLimit) return std::nullopt;
  }
  return Weight{text.front() == '-' ? -digits : digits, -static_cast<int>(decimals)};
}

std::strong_ordering compare(const Weight& a, const Weight& b) {
  const int exponent = std::min(a.exponent, b.exponent);
  const Wide left = digits_at(a, exponent);
  const Wide right = digits_at(b, exponent);
  if (left == right) return std::strong_ordering::equal;
  return left < right ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::optional<Weight> subtract(const Weight& a, const Weight& b) { return add(a, negate(b)); }

std::optional<Weight> add(const Weight& a, const Weight& b) {
  if (!is_within_limits(a) || !is_within_limits(b)) return std::nullopt;
  const int exponent = std::min(a.exponent, b.exponent);
  return within_limits(digits_at(a, exponent) + digits_at(b, exponent), exponent);
}

Weight negate(const Weight& weight) { return {-weight.digits, weight.exponent}; }

Weight magnitude(const Weight& weight) { return weight.digits < 0 ? negate(weight) : weight; }

std::optional<Weight> times(const Weight& weight, std::int64_t factor) {
  if (!is_within_limits(weight)) return std::nullopt;
  return within_limits(Wide{weight.digits} * factor, weight.exponent);
}

std::optional<std::int64_t> to_grams(const Weight& weight, std::string_view unit) {
  const MassUnit* const mass = find_mass_unit(unit);
  if (mass == nullptr || !is_within_limits(weight)) return std::nullopt;
  const Wide numerator = magnitude_of(Wide{weight.digits}) * power_of_ten(weight.exponent) * mass->gram_numerator;
  const Wide denominator = power_of_ten(-weight.exponent) * mass->gram_denominator;
  const Wide grams = (2 * numerator + denominator) / (2 * denominator);
  if (grams > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(weight.digits < 0 ? -grams : grams);
}

std::string kg_text(std::int64_t grams) {
  constexpr std::size_t kDecimals = 3;
  // Unsigned: the least 64-bit number has no positive twin.
  const auto magnitude = grams < 0 ? 0 - static_cast<std::uint64_t>(grams) : static_cast<std::uint64_t>(grams);
  std::string text = std::to_string(magnitude);
  if (text.size() <= kDecimals) text.insert(0, kDecimals + 1 - text.size(), '0');
  text.insert(text.size() - kDecimals, 1, '.');
  if (grams < 0) text.insert(0, 1, '-');
  return text;
}

std::optional<std::string_view> mass_unit(std::string_view written) {
  const MassUnit* const mass = find_mass_unit(written);
  if (mass == nullptr) return std::nullopt;
  return mass->name;
}

std::string_view to_text(WeightMode mode) {
  switch (mode) {
    case WeightMode::kUnknown:
      return "unknown";
    case WeightMode::kGross:
      return "gross";
    case WeightMode::kNet:
      return "net";
  }
  return "unknown";
}

std::string_view to_text(WeightRange range) {
  switch (range) {
    case WeightRange::kIn:
      return "in";
    case WeightRange::kOver:
      return "over";
    case WeightRange::kUnder:
      return "under";
    case WeightRange::kOut:
      return "out";
    case WeightRange::kError:
      return "error";
  }
  return "error";
}

std::string_view to_text(ChecksumState state) {
  switch (state) {
    case ChecksumState::kAbsent:
      return "absent";
    case ChecksumState::kOk:
      return "ok";
    case ChecksumState::kBad:
      return "bad";
  }
  return "bad";
}

}  // namespace edge
