#pragma once
#include <nlohmann/json.hpp>

#include "agent/cli/cli.h"

namespace edge::cli {

/// Starts it in the running agent and stays until it has ended, with a line of progress now and then on stderr. The
/// agent goes on with it where this command is interrupted.
void run_reconcile(Context& context, const nlohmann::ordered_json& request, bool json);

}  // namespace edge::cli
