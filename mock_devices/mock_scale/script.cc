#include "mock_devices/mock_scale/script.h"

namespace edge::mock {

Ticks Script::step(Ticks now) {
  if (next_ == trucks_.size()) {
    return Ticks::max();
  }
  if (due_ == Ticks()) {
    due_ = now + times_.gap;  // the scale is seen empty before the first truck
  }
  if (now < due_) {
    return due_;
  }
  platform_.move_to(on_deck_ ? 0 : trucks_[next_], now);
  due_ = now + times_.pace + (on_deck_ ? times_.gap : times_.stand);
  if (on_deck_ && ++next_ == trucks_.size() && loop_) {
    next_ = 0;
  }
  on_deck_ = !on_deck_;
  return due_;
}

}  // namespace edge::mock
