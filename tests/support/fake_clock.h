#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "agent/ports/clock.h"

namespace edge::test {

/// A clock that stands still until told. Safe from any thread.
class FakeClock : public Clock {
 public:
  static constexpr std::int64_t kStart = 1'771'840'801'000;  ///< 2026-02-23T10:00:01Z

  std::int64_t utc_ms() const override { return utc_; }
  std::int64_t mono_ms() const override { return mono_; }
  ClockState state() const override { return state_; }
  const std::string& boot_id() const override { return boot_; }

  void advance(std::chrono::milliseconds by) {
    utc_ += by.count();
    mono_ += by.count();
  }
  void set_utc(std::int64_t utc) { utc_ = utc; }
  void set_state(ClockState state) { state_ = state; }

 private:
  std::atomic<std::int64_t> utc_{kStart};
  std::atomic<std::int64_t> mono_{86'400'123};
  std::atomic<ClockState> state_{ClockState::kSynced};
  std::string boot_ = "5f0c9a1e";
};

}  // namespace edge::test
