#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "mock_devices/mock_scale/platform.h"
#include "protocols/record/weight.h"
#include "protocols/scale/decoder.h"

namespace edge::mock {

/// What the indicator shows at one moment.
struct Display {
  Weight gross;
  Weight tare;
  bool net = false, stable = true, zero = false, over = false;

  Weight shown() const;  ///< gross, or gross - tare
};

/// The indicator on a platform, with the keys and faults that change what every line of it says.
class Indicator {
 public:
  Indicator(Platform& platform, Weight e, std::optional<Weight> max, std::string unit)
      : platform_(platform), e_(e), max_(max), unit_(std::move(unit)) {}

  Display at(Ticks now) const;
  /// For scale::Profile::encode().
  scale::Shown shown(const Display& display) const;

  void set_motion(bool on) { motion_ = on; }
  void set_overload(bool on) { overload_ = on; }
  /// Goes on saying what it says now, whatever happens on the platform.
  void set_frozen(bool on, Ticks now);
  /// Net of this tare; nothing = gross again.
  void set_tare(std::optional<Weight> tare) { tare_ = tare; }
  void set_negative(bool on) { negative_ = on; }

  const Weight& e() const { return e_; }
  const std::string& unit() const { return unit_; }

 private:
  Platform& platform_;
  Weight e_;
  std::optional<Weight> max_;
  std::string unit_;
  bool motion_ = false, overload_ = false, negative_ = false;
  std::optional<Weight> tare_;
  std::optional<Display> frozen_;
};

}  // namespace edge::mock
