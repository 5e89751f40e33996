#pragma once
#include <filesystem>
#include <string_view>

#include "protocols/modbus/register_map.h"
#include "protocols/result.h"

namespace edge {

/// Reads and checks a register map (wire.md §9: deploy/devices/<name>.toml).
///
/// `name` must be the file's. A scale's map ([status] makes it one) has gross or net, and is read in one request: a
/// status of another moment than its weight would make a moving scale look stable. Errors: kMalformed with
/// "file:line:column: what is wrong", every finding on a line of its own; kNotFound.
Result<modbus::RegisterMap> load_device_map(const std::filesystem::path& file);
Result<modbus::RegisterMap> parse_device_map(std::string_view text, const std::filesystem::path& file);

}  // namespace edge
