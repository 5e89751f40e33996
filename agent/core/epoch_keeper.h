#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "agent/core/backoff.h"
#include "agent/ports/clock.h"
#include "agent/ports/sink.h"
#include "agent/ports/store.h"

namespace edge {

/// Asks the server for an epoch while the store works in a provisional one (design.md §5). One thread.
class EpochKeeper {
 public:
  /// How often it looks whether there is anything to do.
  static constexpr std::chrono::milliseconds kLook{60'000};

  EpochKeeper(State& state, Sink& sink, const Clock& clock, std::string gateway, std::uint64_t seed);

  /// At most one question; returns how long until the next call.
  std::chrono::milliseconds step();
  /// Why the last question brought no epoch; empty = it did, or none was needed.
  const std::string& last_error() const { return last_error_; }

 private:
  Result<void> ask(const StoreIdentity& identity);

  State& state_;
  Sink& sink_;
  const Clock& clock_;
  std::string gateway_;
  Backoff backoff_;
  std::int64_t next_at_ = 0;  ///< mono ms
  std::string last_error_;
};

}  // namespace edge
