#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "agent/core/batch_size.h"

namespace edge {

/// A lane's own state (design.md §7): a bad record in one leaves the other alone.
struct Lane {
  explicit Lane(std::size_t most) : size(most) {}
  BatchSize size;
  bool cut_by_bytes = false;  ///< the batch in hand left rows behind
};

/// Whose turn it is while both lanes have rows. Not thread-safe.
class LaneTurn {
 public:
  /// Of 100 requests so many are the live lane's, where it can fill them. 0 to 100.
  explicit LaneTurn(int live_share) : share_(std::clamp(live_share, 0, 100)) {}

  bool is_live(std::int64_t mono_ms) const { return mono_ms >= next_live_at_ && credit_ >= 0; }
  void live_went(bool full, std::int64_t mono_ms) {
    next_live_at_ = full ? mono_ms : mono_ms + kEvery.count();
    credit_ = std::max(credit_ - (100 - share_), -kMost);
  }
  void backlog_went() { credit_ = std::min(credit_ + std::max(share_, 1), kMost); }

 private:
  /// Between two requests of the live lane that are not full: each costs a sync of the disk.
  static constexpr std::chrono::milliseconds kEvery{50};
  static constexpr int kMost = 100;

  int share_;
  int credit_ = 0;  ///< below 0: it is the backlog's turn
  std::int64_t next_live_at_ = 0;
};

}  // namespace edge
