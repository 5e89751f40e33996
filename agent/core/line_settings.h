#pragma once
#include <string_view>

#include "protocols/result.h"

namespace edge {

/// "9600 8N1" in its parts.
struct LineSettings {
  int baud = 9600;
  int data_bits = 8;  ///< 7 or 8
  char parity = 'N';  ///< N E O
  int stop_bits = 1;  ///< 1 or 2
};

/// Errors: kMalformed, with what is allowed.
Result<LineSettings> read_line_settings(std::string_view text);

}  // namespace edge
