#pragma once
#include <string>

#include "agent/ports/clock.h"

namespace edge {

/// The kernel's clocks; synced = what the kernel says of its own clock (adjtimex), whoever disciplines it.
class SystemClock final : public Clock {
 public:
  SystemClock();
  std::int64_t utc_ms() const override;
  std::int64_t mono_ms() const override;
  ClockState state() const override;
  const std::string& boot_id() const override { return boot_id_; }

 private:
  std::string boot_id_;
};

}  // namespace edge
