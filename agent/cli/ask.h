#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "agent/cli/cli.h"

namespace edge::cli {

/// Asks the agent, or its file where none runs. Nothing where that failed: the reason is on stderr and the context has
/// its exit code.
std::optional<nlohmann::ordered_json> ask(Context& context, const nlohmann::ordered_json& request);

/// One line of plain text for a terminal, at most `width` characters.
std::string shown(const nlohmann::ordered_json& value, std::size_t width = 200);

/// "2026-02-23T10:00:00.000Z" or "-" for null.
std::string time_of(const nlohmann::ordered_json& value);

/// "12.3 MiB".
std::string bytes_of(const nlohmann::ordered_json& value);

}  // namespace edge::cli
