#pragma once
#include <nlohmann/json.hpp>

namespace edge::cli {

/// An open ticket on one line.
void print_open(const nlohmann::ordered_json& ticket);

/// The result of the command ticket-list: open ones first, then the newest finished ones.
void print_tickets(const nlohmann::ordered_json& tickets);

}  // namespace edge::cli
