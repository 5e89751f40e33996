#include "protocols/record/units.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace edge {
namespace {

enum class Kind { kTemperature, kPressure, kMass, kLength };

/// value in the kind's base unit (°C, Pa, g, mm) = (value - zero) × factor_up / factor_down.
struct Unit {
  std::string_view name;
  Kind kind;
  long long factor_up;
  long long factor_down;
  long long zero;  ///< in hundredths; only temperatures have one
};

constexpr std::array<Unit, 24> kUnits = {{
    {"C", Kind::kTemperature, 1, 1, 0},
    {"°C", Kind::kTemperature, 1, 1, 0},
    {"℃", Kind::kTemperature, 1, 1, 0},
    {"degC", Kind::kTemperature, 1, 1, 0},
    {"F", Kind::kTemperature, 5, 9, 3200},
    {"°F", Kind::kTemperature, 5, 9, 3200},
    {"℉", Kind::kTemperature, 5, 9, 3200},
    {"degF", Kind::kTemperature, 5, 9, 3200},
    {"K", Kind::kTemperature, 1, 1, 27315},
    {"Pa", Kind::kPressure, 1, 1, 0},
    {"hPa", Kind::kPressure, 100, 1, 0},
    {"mbar", Kind::kPressure, 100, 1, 0},
    {"kPa", Kind::kPressure, 1000, 1, 0},
    {"bar", Kind::kPressure, 100000, 1, 0},
    {"g", Kind::kMass, 1, 1, 0},
    {"kg", Kind::kMass, 1000, 1, 0},
    {"t", Kind::kMass, 1000000, 1, 0},
    {"lb", Kind::kMass, 45359237, 100000, 0},
    {"lbs", Kind::kMass, 45359237, 100000, 0},
    {"mm", Kind::kLength, 1, 1, 0},
    {"cm", Kind::kLength, 10, 1, 0},
    {"m", Kind::kLength, 1000, 1, 0},
    {"in", Kind::kLength, 254, 10, 0},
    {"ft", Kind::kLength, 3048, 10, 0},
}};

const Unit* find(std::string_view name) {
  const auto* const at =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& unit) { return unit.name == name; });
  return at == kUnits.end() ? nullptr : &*at;
}

}  // namespace

std::optional<Linear> linear_between(std::string_view from, std::string_view to) {
  const Unit* const a = find(from);
  const Unit* const b = find(to);
  if (a == nullptr || b == nullptr || a->kind != b->kind) return std::nullopt;
  const long long up = a->factor_up * b->factor_down;
  const long long down = a->factor_down * b->factor_up;
  const long long common = std::gcd(up, down);
  Linear by{-a->zero, up / common, down / common, b->zero};
  if (by.numerator == by.denominator) by = {b->zero - a->zero, 1, 1, 0};
  return by;
}

bool is_same_unit(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto by = linear_between(a, b);
  return by && by->numerator == by->denominator && by->pre_offset == 0;
}

}  // namespace edge
