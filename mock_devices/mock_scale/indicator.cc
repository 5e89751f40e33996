#include "mock_devices/mock_scale/indicator.h"

#include <chrono>
#include <stdexcept>

namespace edge::mock {
namespace {

Weight must(const std::optional<Weight>& weight) {
  if (!weight) {
    throw std::range_error("a weight beyond what an indicator can count");
  }
  return *weight;
}

}  // namespace

Weight Display::shown() const { return net ? must(subtract(gross, tare)) : gross; }

Display Indicator::at(Ticks now) const {
  if (frozen_) {
    return *frozen_;
  }
  auto load = platform_.at(now);
  if (motion_) {
    // Wind on the deck: back and forth by two steps, five times a second.
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() / 100;
    load.steps += tenths % 2 == 0 ? 2 : -2;
    load.motion = true;
  }
  Display display;
  display.gross = must(times(e_, negative_ ? -load.steps : load.steps));
  display.tare = tare_.value_or(Weight{0, e_.exponent});
  display.net = tare_.has_value();
  display.stable = !load.motion;
  display.zero = load.steps == 0 && !load.motion;
  // Blank above Max + 9 e (domain.md §5.3).
  display.over = overload_ || (max_ && compare(display.gross, must(add(*max_, must(times(e_, 9))))) > 0);
  return display;
}

scale::Shown Indicator::shown(const Display& display) const {
  scale::Shown shown;
  shown.value = display.shown();
  shown.tare = display.tare;
  shown.net = display.net;
  shown.stable = display.stable;
  shown.zero = display.zero;
  shown.over = display.over;
  shown.unit = unit_;
  // As families write it: 20 is 2 × 10.
  shown.e = e_;
  for (; shown.e->digits % 10 == 0; ++shown.e->exponent) {
    shown.e->digits /= 10;
  }
  return shown;
}

void Indicator::set_frozen(bool on, Ticks now) {
  frozen_.reset();
  if (on) {
    frozen_ = at(now);
  }
}

}  // namespace edge::mock
