#include "agent/adapters/system_clock/system_clock.h"

#include <sys/timex.h>

#include <ctime>
#include <fstream>

#include "protocols/bytes.h"

namespace edge {
namespace {

std::int64_t read_ms(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000 + now.tv_nsec / 1'000'000;
}

}  // namespace

SystemClock::SystemClock() : boot_id_("00000000") {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  if (std::getline(in, id) && is_lower_hex(id.substr(0, 8), 8)) boot_id_ = id.substr(0, 8);
}

std::int64_t SystemClock::utc_ms() const { return read_ms(CLOCK_REALTIME); }
std::int64_t SystemClock::mono_ms() const { return read_ms(CLOCK_BOOTTIME); }

ClockState SystemClock::state() const {
  timex query{};
  const int code = adjtimex(&query);
  const bool synced = code >= 0 && code != TIME_ERROR && (query.status & STA_UNSYNC) == 0;
  return synced ? ClockState::kSynced : ClockState::kUnsynced;
}

}  // namespace edge
