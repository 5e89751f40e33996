#include "agent/status_board.h"

#include <utility>

#include "agent/version.h"

namespace edge {

StatusBoard::StatusBoard(Parts parts) : parts_(std::move(parts)), started_(parts_.clock.mono_ms()) {}

void StatusBoard::attach(const HeartbeatSender& heartbeat, const Uplink& uplink) {
  heartbeat_ = &heartbeat;
  uplink_ = &uplink;
}

Result<Audit> StatusBoard::audit(std::chrono::milliseconds may_be_old) {
  const std::lock_guard lock(mutex_);
  const auto now = parts_.clock.mono_ms();
  if (audit_ && now - audited_at_ < may_be_old.count()) return *audit_;
  auto fresh = parts_.delivery.audit();
  if (fresh) {
    audit_ = *fresh;
    audited_at_ = now;
  }
  return fresh;
}

Result<AgentStatus> StatusBoard::get(std::chrono::milliseconds may_be_old) {
  auto audit = this->audit(may_be_old);
  if (!audit) return tl::unexpected(audit.error());
  AgentStatus out;
  out.gateway = parts_.gateway;
  out.version = kVersion;
  out.uptime_s = (parts_.clock.mono_ms() - started_) / 1'000;
  out.facts.now = parts_.clock.utc_ms();
  out.facts.clock = parts_.clock.state();
  out.facts.identity = parts_.state.identity();
  out.facts.size = parts_.state.size();
  out.facts.accepting = parts_.outbox.accepting();
  out.facts.audit = *std::move(audit);
  out.facts.sync = parts_.sync.status();
  out.facts.sources = parts_.sources();
  if (parts_.reconciler != nullptr) out.facts.server_lacks = parts_.reconciler->missing_seen();
  if (parts_.certificate_expires) out.facts.certificate_expires = parts_.certificate_expires();
  out.health = judge_health(out.facts);
  out.policy = parts_.policies.status();
  if (heartbeat_ != nullptr) out.horizon_days = heartbeat_->horizon_days();
  if (uplink_ != nullptr) out.epoch_error = uplink_->epoch_error();
  return out;
}

HeartbeatFacts StatusBoard::heartbeat_facts() const {
  HeartbeatFacts out;
  out.gateway = parts_.gateway;
  out.version = kVersion;
  out.key_id = parts_.key_id();
  out.now = parts_.clock.utc_ms();
  out.mono = parts_.clock.mono_ms();
  out.started = started_;
  out.clock = parts_.clock.state();
  out.clock_offset_ms = parts_.sync.clock_offset_ms();
  out.config_version = parts_.policies.status().version;
  out.identity = parts_.state.identity();
  out.size = parts_.state.size();
  out.totals = parts_.delivery.totals();
  out.counters = parts_.outbox.counters();
  out.sources = parts_.sources();
  out.chain_heads = parts_.weighings.chain_heads();
  if (parts_.certificate_expires) out.certificate_expires = parts_.certificate_expires();
  return out;
}

}  // namespace edge
