#pragma once
#include <chrono>
#include <cstddef>
#include <vector>

#include "mock_devices/mock_scale/platform.h"

namespace edge::mock {

/// Trucks that come by themselves: drive on, stand, drive off, and after a while the next.
class Script {
 public:
  struct Times {
    std::chrono::milliseconds pace, stand, gap;
  };
  /// `trucks` in display steps; none = nothing happens.
  Script(Platform& platform, std::vector<std::int64_t> trucks, Times times, bool loop)
      : platform_(platform), trucks_(std::move(trucks)), times_(times), loop_(loop) {}

  /// Does what is due; when it wants to be called again.
  Ticks step(Ticks now);

 private:
  Platform& platform_;
  std::vector<std::int64_t> trucks_;
  Times times_;
  bool loop_;
  std::size_t next_ = 0;
  bool on_deck_ = false;
  Ticks due_{};
};

}  // namespace edge::mock
