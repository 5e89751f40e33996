#pragma once
#include <nlohmann/json.hpp>

namespace edge::cli {

/// What stands under every slip (design.md §8).
inline constexpr const char* kNotLegalForTrade =
    "Not a legal-for-trade device; the indicator's own display or alibi memory is the reference.";

/// A captured weight: the first pass' slip.
void print_weight(const nlohmann::ordered_json& weighing);

/// A finished ticket as plain text: the result of the command ticket-show.
void print_slip(const nlohmann::ordered_json& shown_ticket);

}  // namespace edge::cli
