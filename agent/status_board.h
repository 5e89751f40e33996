#pragma once
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/agent_status.h"
#include "agent/core/heartbeat.h"
#include "agent/core/reconcile.h"
#include "agent/uplink.h"

namespace edge {

/// Gathers what status, health, metrics and heartbeat show. Safe from any thread.
class StatusBoard {
 public:
  struct Parts {
    std::string gateway;
    const Outbox& outbox;
    Delivery& delivery;
    const State& state;
    const Clock& clock;
    const Sync& sync;
    const PolicyCache& policies;
    std::function<std::vector<SourceStatus>()> sources;
    std::function<std::string()> key_id;
    const Weighings& weighings;
    const Reconciler* reconciler = nullptr;
    /// When the server's certificate ends; nothing where none was seen.
    std::function<std::optional<std::int64_t>()> certificate_expires{};
  };
  explicit StatusBoard(Parts parts);

  /// These know the board, so they come later; before the first get().
  void attach(const HeartbeatSender& heartbeat, const Uplink& uplink);

  /// `may_be_old`: an earlier audit of that age will do (it reads every pending row). Errors: the store's.
  Result<AgentStatus> get(std::chrono::milliseconds may_be_old);
  HeartbeatFacts heartbeat_facts() const;

 private:
  Result<Audit> audit(std::chrono::milliseconds may_be_old);

  Parts parts_;
  const std::int64_t started_;  ///< mono ms
  const HeartbeatSender* heartbeat_ = nullptr;
  const Uplink* uplink_ = nullptr;
  std::mutex mutex_;
  std::int64_t audited_at_ = 0;  ///< mono ms
  std::optional<Audit> audit_;
};

}  // namespace edge
