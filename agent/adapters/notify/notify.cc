#include "agent/adapters/notify/notify.h"

#include <cstdint>
#include <string>

#ifdef EDGE_WITH_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace edge::notify {
namespace {

void send([[maybe_unused]] const std::string& state) {
#ifdef EDGE_WITH_SYSTEMD
  (void)sd_notify(0, state.c_str());
#endif
}

/// One line: a line break would begin another assignment.
std::string line(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return out;
}

}  // namespace

void ready() { send("READY=1"); }
void status(std::string_view text) { send("STATUS=" + line(text)); }
void stopping() { send("STOPPING=1"); }
void watchdog() { send("WATCHDOG=1"); }

std::chrono::milliseconds watchdog_interval() {
#ifdef EDGE_WITH_SYSTEMD
  std::uint64_t usec = 0;
  if (sd_watchdog_enabled(0, &usec) > 0) return std::chrono::milliseconds(usec / 1'000);
#endif
  return std::chrono::milliseconds(0);
}

}  // namespace edge::notify
