#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/observation.h"
#include "protocols/record/policy.h"
#include "protocols/record/tolerance.h"
#include "protocols/result.h"

namespace edge::wire {

struct ConfigDevice {
  std::string site, device, device_type, status;
  std::optional<std::int64_t> expected_interval_s;
};

/// A weighing that Desk expects (Edge Weighing Order). Numbers are decimal text; empty = not given.
struct ConfigOrder {
  std::string order, site, lot, vehicle, driver, direction, declared_net_kg;
};

/// gateway.config (wire.md §5): the parts this agent uses; the whole answer is kept as text beside it.
struct GatewayConfig {
  bool unchanged = false;
  std::string version;
  std::optional<std::int64_t> server_time;
  std::string gateway, epoch, time_zone;
  std::vector<std::pair<std::string, std::string>> sites;  ///< site_code, name
  std::optional<std::vector<ConfigDevice>> devices;        ///< missing = no list was sent
  std::vector<Policy> policies;
  std::vector<TolerancePolicy> tolerances;
  std::vector<ConfigOrder> orders;
};
/// Errors: kMalformed. A single policy that is not well formed is an error of the whole: never judge by half.
Result<GatewayConfig> parse_config(std::string_view body);

/// The policies and the device list of `config` as one book.
PolicyBook book_of(const GatewayConfig& config);

struct SourceState {
  std::string name, state;
  std::int64_t since = 0;
  std::string error;  ///< empty = null
};

/// The newest link of one scale's chain.
struct ChainHead {
  std::string scale, epoch;
  std::int64_t seq = 0;
  std::string hash;
};

/// gateway.heartbeat (wire.md §6).
struct Heartbeat {
  std::string gateway, epoch, instance, version;
  std::int64_t at = 0, uptime_s = 0;
  ClockState clock = ClockState::kSynced;
  std::optional<std::int64_t> clock_offset_ms;
  std::string config_version, key_id;
  std::optional<std::int64_t> key_expires;
  std::int64_t last_seq = 0, buffered = 0;
  std::optional<std::int64_t> oldest_unsent_at;
  std::optional<double> horizon_days;
  std::optional<int> disk_used_pct;
  std::int64_t store_bytes = 0, dead_letters = 0;
  std::map<std::string, std::int64_t> drops, counters;
  std::vector<SourceState> sources;
  std::vector<ChainHead> chain_heads;
  std::optional<std::int64_t> certificate_expires;  ///< of the server, as seen here; left out where none was seen
};
std::string encode_heartbeat(const Heartbeat& heartbeat);

/// gateway.new_epoch (wire.md §7).
struct NewEpoch {
  std::string gateway, instance, reason, last_epoch, provisional;  ///< reason: new_store|restore|corrupt
};
std::string encode_new_epoch(const NewEpoch& request);

}  // namespace edge::wire
