#include "agent/core/line_settings.h"

#include <algorithm>
#include <array>
#include <string>

namespace edge {

Result<LineSettings> read_line_settings(std::string_view text) {
  static constexpr std::array<int, 10> kBauds{300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
  const auto wrong = [] {
    return fail(Errc::kMalformed,
                "must be speed, data bits, parity and stop bits such as \"9600 8N1\" or \"4800 7E1\"");
  };
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos || text.size() != blank + 4) return wrong();
  const auto baud = std::find_if(kBauds.begin(), kBauds.end(),
                                 [&](int each) { return std::to_string(each) == text.substr(0, blank); });
  const char data = text[blank + 1];
  const char parity = text[blank + 2];
  const char stop = text[blank + 3];
  const bool known =
      (data == '7' || data == '8') && (parity == 'N' || parity == 'E' || parity == 'O') && (stop == '1' || stop == '2');
  if (baud == kBauds.end() || !known) return wrong();
  return LineSettings{*baud, data - '0', parity, stop - '0'};
}

}  // namespace edge
