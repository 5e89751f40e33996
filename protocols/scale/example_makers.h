#pragma once
#include <string_view>

#include "protocols/scale/decoder.h"

/// Short ways to write the example tables of the families.
namespace edge::scale {

/// Must be refused.
constexpr Example bad(std::string_view name, std::string_view hex) {
  return {name, hex, false, "", "", {}, {}, {}, {}, "", ""};
}

/// A weight in kg.
constexpr Example shows(std::string_view name, std::string_view hex, std::string_view value,
                        WeightMode mode = WeightMode::kGross, Tri stable = Tri::kYes) {
  return {name, hex, true, value, "kg", mode, stable, Tri::kUnknown, WeightRange::kIn, "", ""};
}

/// A frame without a usable weight, in kg and gross.
constexpr Example shows_none(std::string_view name, std::string_view hex, WeightRange range,
                             Tri stable = Tri::kUnknown) {
  return {name, hex, true, "", "kg", WeightMode::kGross, stable, Tri::kUnknown, range, "", ""};
}

constexpr Example with_unit(Example example, std::string_view unit) {
  example.unit = unit;
  return example;
}
constexpr Example with_tare(Example example, std::string_view tare) {
  example.tare = tare;
  return example;
}
constexpr Example with_zero(Example example, Tri zero) {
  example.zero = zero;
  return example;
}
constexpr Example with_step(Example example, std::string_view e) {
  example.e = e;
  return example;
}

}  // namespace edge::scale
