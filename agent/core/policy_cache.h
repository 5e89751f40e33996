#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "agent/ports/clock.h"
#include "agent/ports/sink.h"
#include "agent/ports/store.h"
#include "protocols/record/policy.h"
#include "protocols/wire/gateway.h"

namespace edge {

/// What is known of the configuration pulled from the server.
struct PolicyStatus {
  std::string version;         ///< of the book in use; empty = none was ever pulled
  std::int64_t pulled_at = 0;  ///< UTC ms of the last good answer of this run
  std::string last_error;      ///< why the latest answer was not used; empty = it was
};

/// Keeps the policies that readings are judged by: the last good answer from disk at start, then gateway.config
/// whenever the server names another version and every 5 minutes.
///
/// An answer that cannot be read changes nothing: the last good one judges on, without expiry. load() and step() by one
/// thread (they hand over from it); status() from any.
class PolicyCache {
 public:
  using UseBook = std::function<void(std::shared_ptr<const PolicyBook>)>;
  /// The whole answer, for the parts beside the readings (tolerances, orders); never one that is `unchanged`.
  using UseConfig = std::function<void(const wire::GatewayConfig&)>;
  static constexpr std::chrono::milliseconds kEvery{300'000};
  /// Shortest time between two questions that failed or were provoked by an announced version.
  static constexpr std::chrono::milliseconds kAgain{30'000};

  PolicyCache(Policies& policies, Sink& sink, const Clock& clock, UseBook use, UseConfig use_config = nullptr);

  /// Hands over what is on disk, if there is one. Errors: the store's; kMalformed where it cannot be read.
  Result<void> load();
  /// Asks if it is time; returns how long until it is time again. `announced`: the version the server named last,
  /// empty = none.
  std::chrono::milliseconds step(std::string_view announced);
  PolicyStatus status() const;

 private:
  Result<void> pull();
  Result<void> use(std::string_view body, bool from_server);

  Policies& policies_;
  Sink& sink_;
  const Clock& clock_;
  UseBook use_;
  UseConfig use_config_;
  std::int64_t next_at_ = 0;      ///< mono ms
  std::int64_t earliest_at_ = 0;  ///< mono ms, also for an announced version
  mutable std::mutex mutex_;
  PolicyStatus status_;
};

}  // namespace edge
