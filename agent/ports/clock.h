#pragma once
#include <cstdint>
#include <string>

#include "protocols/record/observation.h"

namespace edge {

/// The only way to know the time; safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// UTC milliseconds; may jump.
  virtual std::int64_t utc_ms() const = 0;
  /// Milliseconds since boot, suspend included; never goes back.
  virtual std::int64_t mono_ms() const = 0;
  virtual ClockState state() const = 0;
  /// First 8 hex digits of the kernel's boot id.
  virtual const std::string& boot_id() const = 0;
};

}  // namespace edge
