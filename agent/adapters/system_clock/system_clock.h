#pragma once
#include <atomic>
#include <cstdint>
#include <string>

#include "agent/ports/clock.h"

namespace edge {

/// The kernel's clocks; synced = what the kernel says of its own clock (adjtimex), whoever disciplines it.
/// That word is asked for once a second: adjtimex() stirs the kernel's random pool and would cost each message 2 µs.
class SystemClock final : public Clock {
 public:
  SystemClock();
  std::int64_t utc_ms() const override;
  std::int64_t mono_ms() const override;
  ClockState state() const override;
  const std::string& boot_id() const override { return boot_id_; }

 private:
  std::string boot_id_;
  mutable std::atomic<std::int64_t> asked_at_{-1};  ///< mono ms; -1 = never
  mutable std::atomic<bool> synced_{false};
};

}  // namespace edge
