#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "protocols/result.h"

namespace edge {

/// Puts commits on the disk in the background (design.md §4): a sync starts `delay` after the first commit that is
/// not on the disk yet, and nobody gets through await() while such a commit is older than `limit`.
///
/// A failed sync is for ever: the kernel may have dropped the pages and would call the next one a success
/// (fsyncgate), so nothing of this opening can be trusted any more. Safe from any thread.
class SyncTimer {
 public:
  using SyncFile = std::function<Result<void>()>;
  struct Times {
    std::chrono::milliseconds delay{100};
    /// Of the 200 ms that a power cut may take. The rest: what may be acknowledged out of a journal before anybody waits
    /// (core/intake.h).
    std::chrono::milliseconds limit{170};
  };

  /// `sync` runs on the timer's own thread, without any lock held.
  SyncTimer(SyncFile sync, Times times);
  /// Syncs what is left.
  ~SyncTimer();
  SyncTimer(const SyncTimer&) = delete;
  SyncTimer& operator=(const SyncTimer&) = delete;

  /// Say it after a commit. `upto`: the last row there is now; 0 = no row was added. `ago`: how long before somebody was told
  /// of it; the times count from then. The number of the commit.
  std::uint64_t committed(std::int64_t upto = 0, std::chrono::milliseconds ago = std::chrono::milliseconds(0));
  /// The last row known to be on the disk; 0 = none of this opening.
  std::int64_t synced_rows() const;
  /// Waits while the oldest commit not on the disk is older than the limit. Errors: kIo after a failed sync.
  Result<void> await();
  /// Returns once everything committed before the call is on the disk. Errors: kIo.
  Result<void> sync_now();
  /// The same up to that commit; at once where it is there already.
  Result<void> sync_upto(std::uint64_t commit);
  /// Why nothing is durable any more; empty = all is well.
  std::string failure() const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  void run();
  void sync_once(std::unique_lock<std::mutex>& lock);
  bool is_late() const;
  Result<void> sync_upto(std::uint64_t commit, std::unique_lock<std::mutex>& lock);
  Result<void> verdict() const;

  SyncFile sync_;
  Times times_;
  mutable std::mutex mutex_;
  std::condition_variable work_, done_;
  std::uint64_t committed_ = 0, synced_ = 0;  ///< commits so far, and how many of them are on the disk
  std::int64_t committed_rows_ = 0, synced_rows_ = 0;
  std::optional<Time> oldest_;                ///< first commit no sync has been started for
  std::optional<Time> in_flight_;             ///< first commit of the sync that runs
  bool hurry_ = false, stop_ = false;
  std::string failure_;
  std::thread thread_;
};

}  // namespace edge
