#pragma once
#include <chrono>
#include <cstdint>
#include <random>

namespace edge {

/// Exponential back-off with full jitter: the n-th wait is uniform in [1 ms, min(longest, first × 2^n)]. Full jitter
/// because a hundred gateways lose the same server at the same moment. Not thread-safe.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, std::uint64_t seed);

  /// The next wait; each call doubles the bound.
  std::chrono::milliseconds next();
  /// A wait of the bound after `failures` earlier ones; changes nothing but the dice.
  std::chrono::milliseconds roll(int failures);
  void reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::mt19937_64 dice_;
  int failures_ = 0;
};

}  // namespace edge
