#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace edge {

/// Bytes a second, on average: what is sent is a debt that melts at the rate, and nobody sends while in debt. So one
/// request of any size may go, and the next waits for it. Not thread-safe.
class RateLimit {
 public:
  /// 0 = no limit. The debt stays.
  void set_rate(std::int64_t bytes_per_s, std::int64_t mono_ms) {
    melt(mono_ms);
    rate_ = bytes_per_s;
    if (rate_ == 0) debt_ = 0;
  }
  std::int64_t rate() const { return rate_; }
  void spend(std::int64_t bytes, std::int64_t mono_ms) {
    if (rate_ == 0) return;
    melt(mono_ms);
    debt_ += bytes * 1'000;
  }
  /// How long until somebody may send.
  std::chrono::milliseconds wait(std::int64_t mono_ms) {
    melt(mono_ms);
    return std::chrono::milliseconds{rate_ == 0 ? 0 : (debt_ + rate_ - 1) / rate_};
  }

 private:
  void melt(std::int64_t mono_ms) {
    debt_ = std::max<std::int64_t>(debt_ - rate_ * std::max<std::int64_t>(mono_ms - at_, 0), 0);
    at_ = mono_ms;
  }

  std::int64_t rate_ = 0;  ///< bytes a second, so thousandths of a byte a millisecond
  std::int64_t debt_ = 0;  ///< thousandths of a byte
  std::int64_t at_ = 0;    ///< mono ms
};

}  // namespace edge
