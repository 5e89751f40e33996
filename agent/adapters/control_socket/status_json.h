#pragma once
#include <nlohmann/json_fwd.hpp>

#include "agent/core/agent_status.h"

namespace edge {

/// The status as `edge-agent status --json` prints it; keys are stable.
nlohmann::ordered_json status_json(const AgentStatus& status);

}  // namespace edge
