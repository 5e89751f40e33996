#pragma once
#include <chrono>
#include <string_view>

namespace edge {

/// Words to systemd over NOTIFY_SOCKET; without systemd (or built without libsystemd) each does nothing.
namespace notify {
void ready();
void status(std::string_view text);
void stopping();
/// Feeds the watchdog: only on proven progress.
void watchdog();
/// WatchdogSec of the unit; 0 = none.
std::chrono::milliseconds watchdog_interval();
}  // namespace notify

}  // namespace edge
