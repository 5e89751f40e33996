#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/sync.h"
#include "agent/ports/clock.h"
#include "agent/ports/sink.h"
#include "agent/ports/source.h"
#include "agent/ports/store.h"
#include "protocols/wire/gateway.h"

namespace edge {

/// What a heartbeat is made of; gathered by the composition root when one is due.
struct HeartbeatFacts {
  std::string gateway, version, key_id;
  std::int64_t now = 0;      ///< UTC ms
  std::int64_t mono = 0;     ///< ms
  std::int64_t started = 0;  ///< mono ms of the start of the process
  ClockState clock = ClockState::kSynced;
  std::optional<std::int64_t> clock_offset_ms;
  std::string config_version;
  StoreIdentity identity;
  StoreSize size;
  DeliveryTotals totals;
  Counters counters;
  std::vector<SourceStatus> sources;
  std::vector<wire::ChainHead> chain_heads;
  std::optional<std::int64_t> certificate_expires{};
};

/// Pure; without the horizon.
wire::Heartbeat compose_heartbeat(const HeartbeatFacts& facts);

/// How many days without the server the store lasts at today's rate before readings are thinned (rows of the last 24
/// hours at most, bytes a row as stored). Not thread-safe.
class Horizon {
 public:
  void sample(std::int64_t mono_ms, std::int64_t readings);
  /// Nothing until an hour of samples, or while nothing comes in.
  std::optional<double> days(const StoreSize& size) const;

 private:
  struct Sample {
    std::int64_t mono_ms, readings;
  };
  std::deque<Sample> samples_;
};

/// Sends a heartbeat each minute. step() by the uplink thread; the rest from any.
class HeartbeatSender {
 public:
  using Gather = std::function<HeartbeatFacts()>;
  static constexpr std::chrono::milliseconds kEvery{60'000};

  HeartbeatSender(Sink& sink, const Clock& clock, Gather gather);

  /// Sends if it is time; returns how long until it is time again. A failure waits for the next minute.
  std::chrono::milliseconds step();
  std::string announced_config_version() const;
  std::optional<std::int64_t> clock_offset_ms() const;
  std::optional<double> horizon_days() const;

 private:
  Sink& sink_;
  const Clock& clock_;
  Gather gather_;
  Horizon horizon_;
  std::int64_t next_at_ = 0;  ///< mono ms
  mutable std::mutex mutex_;
  std::string announced_;
  std::optional<std::int64_t> offset_ms_;
  std::optional<double> horizon_days_;
};

}  // namespace edge
