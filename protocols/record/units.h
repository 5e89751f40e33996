#pragma once
#include <optional>
#include <string_view>

#include "protocols/record/decimal.h"

namespace edge {

/// How a number in unit `from` becomes one in `to`, exactly; nothing where either is unknown or they measure
/// different things. Knows temperature (C F K), pressure (Pa hPa mbar kPa bar), mass (g kg t lb) and length
/// (mm cm m in ft), and for the degrees also "°C", "degC", "℃". Source of lb: 0.45359237 kg (international pound).
std::optional<Linear> linear_between(std::string_view from, std::string_view to);

/// True for the same text and for two spellings of one known unit ("C" and "°C", "hPa" and "mbar").
bool is_same_unit(std::string_view a, std::string_view b);

}  // namespace edge
