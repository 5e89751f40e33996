#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "agent/config.h"
#include "protocols/result.h"

namespace edge {

/// Sends a control request (adapters/control_socket/commands.h) to the running agent; with none running the file is
/// opened here and answers. Root becomes the owner of the state directory first: what it made would shut the agent
/// out. The answer is one line of JSON. Errors: kUnavailable, kRefused, kIo (also: no answer within `patience`), the
/// store's.
Result<std::string> ask_agent(const Config& config, std::string_view request,
                              std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace edge
