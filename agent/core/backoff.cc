#include "agent/core/backoff.h"

#include <algorithm>

namespace edge {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, std::uint64_t seed)
    : first_(std::max(first, std::chrono::milliseconds{1})), longest_(std::max(longest, first_)), dice_(seed) {}

std::chrono::milliseconds Backoff::roll(int failures) {
  const int doublings = std::clamp(failures, 0, 30);
  const std::int64_t bound = std::min<std::int64_t>(longest_.count(), first_.count() << doublings);
  // Not std::uniform_int_distribution: its numbers differ between libraries, and tests name seeds.
  return std::chrono::milliseconds{1 + static_cast<std::int64_t>(dice_() % static_cast<std::uint64_t>(bound))};
}

std::chrono::milliseconds Backoff::next() { return roll(failures_++); }

}  // namespace edge
