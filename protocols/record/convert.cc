#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "protocols/record/decimal.h"

namespace edge {
namespace {

__extension__ typedef __int128 Wide;

constexpr Wide kWideMax = ((static_cast<Wide>(1) << 126) - 1) * 2 + 1;
constexpr int kResultDecimals = 9;

/// A Wide that remembers that it overflowed. (The compiler's builtin wants a runtime clang does not link here.)
class Checked {
 public:
  Checked(Wide value) : value_(value) {}  // NOLINT(google-explicit-constructor): reads as arithmetic

  friend Checked operator*(Checked a, Checked b) {
    if (!a.ok_ || !b.ok_) return overflowed();
    if (a.value_ == 0 || b.value_ == 0) return {0};
    if (magnitude(a.value_) > kWideMax / magnitude(b.value_)) return overflowed();
    return {a.value_ * b.value_};
  }
  friend Checked operator+(Checked a, Checked b) {
    if (!a.ok_ || !b.ok_) return overflowed();
    if (b.value_ > 0 ? a.value_ > kWideMax - b.value_ : a.value_ < -kWideMax - b.value_) return overflowed();
    return {a.value_ + b.value_};
  }
  bool ok() const { return ok_; }
  Wide value() const { return value_; }

  static Wide magnitude(Wide value) { return value < 0 ? -value : value; }

 private:
  static Checked overflowed() {
    Checked result(0);
    result.ok_ = false;
    return result;
  }

  Wide value_;
  bool ok_ = true;
};

Checked power_of_ten(int exponent) {
  Checked result(1);
  for (int i = 0; i < exponent; ++i) result = result * 10;
  return result;
}

/// A decimal as an integer and the number of its decimals.
struct Scaled {
  Checked digits;
  int decimals = 0;
};

Scaled scaled(std::string_view canonical) {
  Scaled out{0};
  bool after_point = false;
  for (const char c : canonical) {
    if (c == '.') after_point = true;
    if (c < '0' || c > '9') continue;
    out.digits = out.digits * 10 + Checked(c - '0');
    if (after_point) ++out.decimals;
  }
  if (canonical.front() == '-') out.digits = out.digits * -1;
  return out;
}

/// The text of billionths, trailing zeros dropped.
std::string text_of(Wide billionths) {
  std::string digits;
  for (Wide rest = Checked::magnitude(billionths); rest > 0; rest /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  if (digits.size() <= kResultDecimals) digits.insert(0, kResultDecimals + 1 - digits.size(), '0');
  digits.insert(digits.size() - kResultDecimals, 1, '.');
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return (billionths < 0 ? "-" : "") + digits;
}

}  // namespace

DecimalText convert_linear(std::string_view text, const Linear& by) {
  if (!is_decimal(text)) return {DecimalFault::kNotANumber, {}};
  DecimalText too_large{DecimalFault::kNotStorable, {}};
  if (by.denominator == 0) return too_large;
  Scaled in = scaled(text);
  if (in.decimals < 2) in = {in.digits * power_of_ten(2 - in.decimals), 2};  // the offsets are hundredths
  const Checked shifted = in.digits + Checked(by.pre_offset) * power_of_ten(in.decimals - 2);
  // One fraction of billionths, so that it is rounded once: value × 10^9 = above / below.
  const int extra = std::max(in.decimals - kResultDecimals, 0);
  const int missing = std::max(kResultDecimals - in.decimals, 0);
  const Checked below = Checked(by.denominator) * power_of_ten(extra);
  const Checked above = shifted * Checked(by.numerator) * power_of_ten(missing) +
                        Checked(by.post_offset) * power_of_ten(kResultDecimals - 2) * below;
  if (!above.ok() || !below.ok()) return too_large;
  const Wide divisor = Checked::magnitude(below.value());
  const Wide dividend = Checked::magnitude(above.value());
  const Wide remainder = dividend % divisor;
  // remainder >= divisor - remainder is "at least a half" without doubling, which could overflow.
  const Wide rounded = dividend / divisor + (remainder >= divisor - remainder ? 1 : 0);
  const bool negative = (above.value() < 0) != (below.value() < 0);
  std::string result = text_of(negative ? -rounded : rounded);
  if (result.size() > kDecimalLimit || !is_storable(result)) return too_large;
  return {DecimalFault::kNone, std::move(result)};
}

}  // namespace edge
