#pragma once
#include <string>

#include "agent/core/agent_status.h"

namespace edge {

/// The status in Prometheus' text format; every name begins with edge_.
std::string render_metrics(const AgentStatus& status);

/// Body of /healthz and /readyz: {"status":…,"reasons":[{"code","text"}]}.
std::string health_json(std::string_view verdict, const std::vector<HealthReason>& reasons);

}  // namespace edge
