#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "agent/core/epoch_keeper.h"
#include "agent/core/heartbeat.h"
#include "agent/core/policy_cache.h"
#include "agent/core/reconcile.h"
#include "agent/core/sync.h"

namespace edge {

/// All talk with the server, in one loop for one thread: whatever hangs here never reaches the field side.
class Uplink {
 public:
  struct Parts {
    Sync& sync;
    PolicyCache& policies;
    EpochKeeper& epoch;
    HeartbeatSender& heartbeat;
    const Delivery& delivery;
    const Clock& clock;
    Reconciler* reconciler = nullptr;
    /// How long whatever is large should still wait (frappe.max_rate); empty = never.
    std::function<std::chrono::milliseconds()> pace{};
  };
  /// A trouble of a kind ("sync", "policy", "epoch") in words; empty = over.
  using Trouble = std::function<void(std::string_view kind, std::string_view text)>;

  Uplink(Parts parts, Trouble trouble);

  /// Until stop(); then one last try where the server was answering.
  void run();

  // From any thread.
  void stop();
  /// True once run() has returned.
  bool wait_done(std::chrono::milliseconds longest);
  /// Try now.
  void poke();
  /// When it last moved, mono ms.
  std::int64_t alive_at() const { return alive_at_.load(); }
  std::string epoch_error() const;
  /// The config version the server named last; empty = none.
  std::string announced() const;

 private:
  std::chrono::milliseconds round();
  /// `step`, or the wait where the line is used up.
  std::chrono::milliseconds paced(const std::function<std::chrono::milliseconds()>& step) const;
  bool stopping() const;
  void report();

  Parts parts_;
  Trouble trouble_;
  std::atomic<std::int64_t> alive_at_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false, poked_ = false, done_ = false;
  std::string epoch_error_;
  bool was_well_ = true;  ///< of run() alone
};

}  // namespace edge
