#include "agent/adapters/serial_source/port_settings.h"

#include <array>

namespace edge {
namespace {

struct Rate {
  int baud;
  speed_t speed;
};
constexpr std::array<Rate, 10> kRates{{{300, B300},
                                       {600, B600},
                                       {1200, B1200},
                                       {2400, B2400},
                                       {4800, B4800},
                                       {9600, B9600},
                                       {19200, B19200},
                                       {38400, B38400},
                                       {57600, B57600},
                                       {115200, B115200}}};

}  // namespace

std::string to_text(const LineSettings& line) {
  return std::to_string(line.baud) + " " + std::to_string(line.data_bits) + line.parity +
         std::to_string(line.stop_bits);
}

termios raw_termios(termios settings, const LineSettings& line) {
  ::cfmakeraw(&settings);
  settings.c_iflag &= ~static_cast<tcflag_t>(INPCK | IGNPAR | PARMRK | ISTRIP | IXON | IXOFF | IXANY | IGNBRK | BRKINT);
  settings.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS | HUPCL);
  settings.c_cflag |= CREAD | CLOCAL | (line.data_bits == 7 ? CS7 : CS8);
  if (line.stop_bits == 2) settings.c_cflag |= CSTOPB;
  if (line.parity != 'N') {
    settings.c_cflag |= PARENB | (line.parity == 'O' ? PARODD : 0U);
    settings.c_iflag |= INPCK;  // without IGNPAR and PARMRK: a bad byte is read as NUL
  }
  // With VMIN 0 a quiet line and a port that is gone would both read as 0 bytes.
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  for (const auto& rate : kRates) {
    if (rate.baud == line.baud) ::cfsetspeed(&settings, rate.speed);
  }
  return settings;
}

bool has_form(const termios& settings, const termios& wanted) {
  constexpr tcflag_t kForm = CSIZE | PARENB | PARODD | CSTOPB;
  return (settings.c_cflag & kForm) == (wanted.c_cflag & kForm);
}

bool has_speed_and_mode(const termios& settings, const termios& wanted) {
  return ::cfgetispeed(&settings) == ::cfgetispeed(&wanted) && settings.c_lflag == wanted.c_lflag &&
         settings.c_iflag == wanted.c_iflag && (settings.c_cflag & CRTSCTS) == 0;
}

}  // namespace edge
