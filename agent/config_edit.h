#pragma once
#include <span>
#include <string>
#include <string_view>

#include "protocols/result.h"

namespace edge {

/// One text of edge-agent.toml: [section] key = "value".
struct ConfigText {
  std::string section, key, value;
};

/// The file's text with these values in it; every other byte, comments too, stays as it is. A key that is missing is
/// written below its section's header, a missing section at the end. Errors: kMalformed (no TOML, or written in a way
/// that cannot be changed safely: a value over several lines, a dotted or inline table).
Result<std::string> with_texts(std::string_view file, std::span<const ConfigText> texts);

}  // namespace edge
