#include "agent/adapters/system_clock/system_clock.h"

#include <gtest/gtest.h>

#include "protocols/bytes.h"

namespace edge {
namespace {

TEST(SystemClock, TellsTimesInMilliseconds) {
  const SystemClock clock;
  EXPECT_GT(clock.utc_ms(), 1'577'836'800'000);  // 2020
  const auto before = clock.mono_ms();
  EXPECT_GT(before, 0);
  EXPECT_GE(clock.mono_ms(), before);
  EXPECT_TRUE(is_lower_hex(clock.boot_id(), 8));
  EXPECT_NE(clock.state(), ClockState::kCorrected);
}

}  // namespace
}  // namespace edge
