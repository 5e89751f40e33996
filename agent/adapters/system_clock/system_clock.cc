#include "agent/adapters/system_clock/system_clock.h"

#include <sys/timex.h>

#include <ctime>
#include <fstream>

#include "protocols/bytes.h"

namespace edge {
namespace {

constexpr std::int64_t kAskEveryMs = 1'000;

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
  const std::int64_t now = mono_ms();
  const std::int64_t asked_at = asked_at_.load(std::memory_order_acquire);
  if (asked_at < 0 || now - asked_at >= kAskEveryMs) {
    timex query{};
    const int code = adjtimex(&query);
    synced_.store(code >= 0 && code != TIME_ERROR && (query.status & STA_UNSYNC) == 0, std::memory_order_relaxed);
    asked_at_.store(now, std::memory_order_release);
  }
  return synced_.load(std::memory_order_relaxed) ? ClockState::kSynced : ClockState::kUnsynced;
}

}  // namespace edge
