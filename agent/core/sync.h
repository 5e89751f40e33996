#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/ports/clock.h"
#include "agent/ports/sink.h"
#include "agent/ports/store.h"

namespace edge {

struct SyncSettings {
  std::string gateway;
  std::size_t batch_rows = 500;
  /// Of 100 requests while both lanes have rows, how many carry new ones; the rest carries the backlog.
  int live_share = 70;
  std::chrono::milliseconds first_backoff{1'000};
  std::chrono::milliseconds longest_backoff{60'000};
  std::chrono::milliseconds longest_stop_probe{300'000};
};

/// What delivery is doing, for status, metrics and health.
struct SyncStatus {
  std::string state = "idle";   ///< "idle" "sending" "waiting" "stopped"
  std::string reason;  ///< why it waits or stopped, in words
  std::string code;    ///< e.g. "revoked" "app_not_installed" "mass_rejection" "timeout"
  std::int64_t since = 0;
  std::int64_t last_success_at = 0;
  std::int64_t batches = 0, retries = 0;
};

/// Moves pending rows to the server (design.md §7, wire.md §4): per-record results, every class of refusal,
/// back-off with full jitter, stop-and-probe. One thread calls step(); status() and poke() are safe from any.
class Sync {
 public:
  Sync(Delivery& delivery, State& state, Sink& sink, const Clock& clock, SyncSettings settings, std::uint64_t seed);
  ~Sync();

  /// Does at most one request (and the question that follows a 404) and returns how long to wait before the next
  /// call; 0 = there may be more.
  std::chrono::milliseconds step();
  /// SIGHUP: try now, also while stopped.
  void poke();
  SyncStatus status() const;
  /// The server's clock minus ours at the last answer, ms; and the config version it named.
  std::optional<std::int64_t> clock_offset_ms() const;
  std::string announced_config_version() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace edge
