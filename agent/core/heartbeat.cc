#include "agent/core/heartbeat.h"

#include <algorithm>
#include <utility>

#include "agent/core/health.h"
#include "protocols/wire/answers.h"

namespace edge {

wire::Heartbeat compose_heartbeat(const HeartbeatFacts& facts) {
  wire::Heartbeat beat;
  beat.gateway = facts.gateway;
  beat.epoch = facts.identity.epoch;
  beat.instance = facts.identity.instance;
  beat.version = facts.version;
  beat.at = facts.now;
  beat.uptime_s = (facts.mono - facts.started) / 1000;
  beat.clock = facts.clock;
  beat.clock_offset_ms = facts.clock_offset_ms;
  beat.config_version = facts.config_version;
  beat.key_id = facts.key_id;
  beat.last_seq = facts.totals.last_seq;
  beat.buffered = facts.totals.pending;
  beat.oldest_unsent_at = facts.totals.oldest_pending_at;
  beat.disk_used_pct = facts.size.disk_used_pct;
  beat.store_bytes = facts.size.bytes;
  beat.dead_letters = facts.totals.dead;
  for (const char* name : {"messages", "decoded", "undecodable", "duplicate", "ignored"}) {
    beat.counters[name] = counter_sum(facts.counters, name);
  }
  for (const char* name : {"thinned", "folded"}) beat.drops[name] = counter_sum(facts.counters, name);
  if (const auto lost = counter_sum(facts.counters, "lost.corrupt"); lost > 0) beat.drops["corrupt"] = lost;
  for (const SourceStatus& source : facts.sources) {
    beat.sources.push_back({source.name, source.state, source.since, source.error});
  }
  beat.chain_heads = facts.chain_heads;
  beat.certificate_expires = facts.certificate_expires;
  return beat;
}

void Horizon::sample(std::int64_t mono_ms, std::int64_t readings) {
  constexpr std::int64_t kEveryMs = 600'000;
  constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
  if (samples_.size() > 1 && mono_ms - samples_[samples_.size() - 2].mono_ms < kEveryMs) samples_.pop_back();
  samples_.push_back({mono_ms, readings});
  while (mono_ms - samples_.front().mono_ms > kDayMs) samples_.pop_front();
}

std::optional<double> Horizon::days(const StoreSize& size) const {
  constexpr std::int64_t kLeastMs = 3600LL * 1000;
  if (samples_.size() < 2 || size.rows <= 0) return std::nullopt;
  const auto span_ms = static_cast<double>(samples_.back().mono_ms - samples_.front().mono_ms);
  const auto rows = static_cast<double>(samples_.back().readings - samples_.front().readings);
  if (span_ms < static_cast<double>(kLeastMs) || rows <= 0) return std::nullopt;
  const double bytes_a_row = static_cast<double>(size.used_bytes) / static_cast<double>(size.rows);
  const auto room = static_cast<double>(size.room_bytes);
  return room / bytes_a_row / (rows / span_ms) / (24.0 * 3600 * 1000);
}

HeartbeatSender::HeartbeatSender(Sink& sink, const Clock& clock, Gather gather)
    : sink_(sink), clock_(clock), gather_(std::move(gather)) {}

std::chrono::milliseconds HeartbeatSender::step() {
  const std::int64_t now = clock_.mono_ms();
  if (now < next_at_) return std::chrono::milliseconds{next_at_ - now};
  next_at_ = now + kEvery.count();
  const HeartbeatFacts facts = gather_();
  const auto read = facts.counters.find("readings");
  if (read != facts.counters.end()) horizon_.sample(now, read->second);
  wire::Heartbeat beat = compose_heartbeat(facts);
  beat.horizon_days = horizon_.days(facts.size);
  const std::int64_t sent_at = clock_.utc_ms();
  const Reply reply = sink_.heartbeat(wire::encode_heartbeat(beat));
  const std::int64_t answered_at = clock_.utc_ms();
  const std::lock_guard lock(mutex_);
  horizon_days_ = beat.horizon_days;
  if (reply.http != 200 || !reply.failure.empty()) return kEvery;
  if (const auto answer = wire::parse_heartbeat_answer(reply.body); answer) {
    if (!answer->config_version.empty()) announced_ = answer->config_version;
    if (answer->server_time) offset_ms_ = *answer->server_time - (sent_at + (answered_at - sent_at) / 2);
  }
  return kEvery;
}

std::string HeartbeatSender::announced_config_version() const {
  const std::lock_guard lock(mutex_);
  return announced_;
}

std::optional<std::int64_t> HeartbeatSender::clock_offset_ms() const {
  const std::lock_guard lock(mutex_);
  return offset_ms_;
}

std::optional<double> HeartbeatSender::horizon_days() const {
  const std::lock_guard lock(mutex_);
  return horizon_days_;
}

}  // namespace edge
