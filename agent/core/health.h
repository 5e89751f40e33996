#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/sync.h"
#include "agent/ports/source.h"
#include "agent/ports/store.h"
#include "protocols/record/observation.h"

namespace edge {

/// The two sums of design.md §6, each side from facts of its own: the counters of intake against the rows and the
/// cursor of delivery.
struct Conservation {
  std::int64_t messages = 0, messages_accounted = 0;  ///< decoded + undecodable + duplicate + ignored
  /// Readings and documents: each is a row. Sent + pending + dead letters + duplicate + folded + thinned + suppressed.
  std::int64_t readings = 0, readings_accounted = 0;
  bool holds() const { return messages == messages_accounted && readings == readings_accounted; }
};
Conservation conservation_of(const Audit& audit);

/// Sum of the counter `name` and of everything below it ("ignored" takes "ignored.no_topic" in).
std::int64_t counter_sum(const Counters& counters, std::string_view name);

/// What health is judged from; all of about the same moment.
struct HealthFacts {
  std::int64_t now = 0;  ///< UTC ms
  ClockState clock = ClockState::kSynced;
  StoreIdentity identity;
  StoreSize size;
  bool accepting = true;
  Audit audit;
  SyncStatus sync;
  std::vector<SourceStatus> sources;
  std::int64_t server_lacks = 0;  ///< records the server took once and says it does not have
  /// UTC ms; when the certificate ends that the server showed last.
  std::optional<std::int64_t> certificate_expires{};
};

/// One thing that is not as it should be.
struct HealthReason {
  enum class Weight {
    kNote,       ///< worth an eye; changes neither verdict
    kNotReady,   ///< readings may not get in
    kUnhealthy,  ///< somebody has to act
  };
  Weight weight = Weight::kNote;
  std::string code;  ///< e.g. "store_full" "source_down"
  std::string text;  ///< one line for a person; may quote what came from outside, so escape it
};

/// healthy: our word can be trusted (rows are durable, the sums agree, the server has not turned us away).
/// ready: readings get in. An uplink that is down is neither: that is what the store is for.
struct Health {
  bool healthy = true;
  bool ready = true;
  std::vector<HealthReason> reasons;  ///< heaviest first
  Conservation conservation;
};

/// Pure.
Health judge_health(const HealthFacts& facts);

}  // namespace edge
