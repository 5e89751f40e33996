#pragma once
#include <termios.h>

#include <string>

#include "agent/core/line_settings.h"

namespace edge {

/// "9600 7E1".
std::string to_text(const LineSettings& line);

/// `settings` made raw (no echo, no translation, no flow control) with this line.
termios raw_termios(termios settings, const LineSettings& line);

/// Read back: data bits, parity and stop bits are the wanted ones.
bool has_form(const termios& settings, const termios& wanted);
/// Read back: baud rate and raw mode are the wanted ones.
bool has_speed_and_mode(const termios& settings, const termios& wanted);

}  // namespace edge
