#include "protocols/record/excursion.h"

#include <algorithm>
#include <string>

#include "protocols/record/decimal.h"

namespace edge {
namespace {

constexpr std::string_view kAbove = "max";
constexpr std::string_view kBelow = "min";
constexpr std::string_view kUnparsed = "unparsed";
constexpr std::int64_t kUnparsedQuietMs = 3'600'000;
/// Frappe's Float columns hold nine decimals: what is nearer than that is equal (35 - 0.1 is no exact double).
constexpr double kResolution = 1e-9;

std::optional<double> number(const std::optional<std::string>& text) {
  return text ? to_double(*text) : std::nullopt;
}

/// The band that an OK reading is inside of, of which the ends are the limits to come back from.
Band best_band(const Policy& policy) {
  Band best;
  for (const Band* band : {&policy.warning, &policy.critical, &policy.valid}) {
    if (!best.min) best.min = band->min;
    if (!best.max) best.max = band->max;
  }
  return best;
}

double depth(double hysteresis, std::optional<double> min, std::optional<double> max) {
  return min && max ? std::min(hysteresis, std::max(*max - *min, 0.0) / 2) : hysteresis;
}

bool is_inside_by_hysteresis(double value, std::string_view matter, const Policy& policy) {
  const Band band = best_band(policy);
  const auto min = number(band.min);
  const auto max = number(band.max);
  const double inside = depth(number(policy.clear_hysteresis).value_or(0), min, max);
  if (matter == kAbove) return !max || value + inside <= *max + kResolution;
  return !min || value - inside >= *min - kResolution;
}

}  // namespace

std::string_view excursion_matter(std::string_view code) {
  if (code == "warning_max" || code == "critical_max" || code == "valid_max") return kAbove;
  if (code == "warning_min" || code == "critical_min" || code == "valid_min") return kBelow;
  return code;
}

bool ends_excursion(const Calm& calm, const PolicyBook& book) {
  const std::string_view matter = excursion_matter(calm.code);
  if (matter != kAbove && matter != kBelow) return true;
  const Policy* const policy = book.find(calm.site, calm.type);
  const auto value = calm.value ? to_double(*calm.value) : std::nullopt;
  if (policy == nullptr || !value) return policy == nullptr;
  return is_inside_by_hysteresis(*value, matter, *policy);
}

std::int64_t excursion_delay_ms(std::string_view site, std::string_view type, std::string_view code,
                                const PolicyBook& book) {
  constexpr long long kLongestS = 30LL * 86'400;
  const std::string_view matter = excursion_matter(code);
  if (matter != kAbove && matter != kBelow) return 0;
  const Policy* const policy = book.find(site, type);
  if (policy == nullptr || !policy->on_delay_s) return 0;
  return std::clamp(*policy->on_delay_s, 0LL, kLongestS) * 1000;
}

std::int64_t excursion_quiet_ms(std::string_view type) { return type == kUnparsed ? kUnparsedQuietMs : 0; }

bool is_worse_peak(std::string_view matter, std::string_view value, std::string_view peak) {
  if (!is_decimal(value)) return false;
  if (!is_decimal(peak)) return true;
  const int order = compare_decimals(value, peak);
  return (matter == kAbove && order > 0) || (matter == kBelow && order < 0);
}

}  // namespace edge
