#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocols/record/weight.h"

namespace edge::mock {

using Ticks = std::chrono::steady_clock::time_point;

/// How many steps of `e` a weight is; nothing where it is no multiple of it.
std::optional<std::int64_t> steps_of(const Weight& weight, const Weight& e);

/// What stands on the weighbridge over time, in display steps. Pure: all times are given.
///
/// A truck drives on axle by axle, then the deck swings and comes to rest; leaving is the same backwards.
class Platform {
 public:
  /// `travel`: how long a truck takes from its first axle until the deck is still.
  explicit Platform(std::chrono::milliseconds travel) : travel_(travel) {}

  /// Starts to move from what is on the deck now to `steps`.
  void move_to(std::int64_t steps, Ticks now);
  /// Is there at once, without motion.
  void put(std::int64_t steps);

  struct Load {
    std::int64_t steps = 0;
    bool motion = false;
  };
  Load at(Ticks now) const;

 private:
  std::chrono::milliseconds travel_;
  std::int64_t from_ = 0, to_ = 0;
  std::optional<Ticks> since_;
};

}  // namespace edge::mock
