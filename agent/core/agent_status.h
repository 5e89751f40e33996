#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "agent/core/health.h"
#include "agent/core/policy_cache.h"

namespace edge {

/// Everything status, health and metrics show, of about one moment.
struct AgentStatus {
  std::string gateway, version;
  bool running = true;        ///< false: the command line read the file while no agent was running
  std::int64_t uptime_s = 0;  ///< of the agent
  HealthFacts facts;
  Health health;
  PolicyStatus policy;
  std::optional<double> horizon_days;
  std::string epoch_error;  ///< why no epoch was granted yet
};

}  // namespace edge
