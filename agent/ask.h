#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "agent/config.h"
#include "protocols/result.h"

namespace edge {

/// Sends a control request (adapters/control_socket/commands.h) to the running agent; with none running the file is
/// opened here and answers. Root becomes the owner of the state directory first: what it made would shut the agent
/// out. The answer is one line of JSON. Errors: kUnavailable, kRefused, kIo (also: no answer within `patience`), the
/// store's.
Result<std::string> ask_agent(const Config& config, std::string_view request,
                              std::chrono::milliseconds patience = std::chrono::seconds(30));

/// `outbox restore`: puts a backup in the place of the store; where the one before is kept, empty where there was none.
/// Errors: kRefused (an agent runs), the store's.
Result<std::filesystem::path> restore_store(const Config& config, const std::filesystem::path& backup);

/// `outbox compact`: bytes before and after. Errors: kRefused (an agent runs), the store's.
Result<std::pair<std::int64_t, std::int64_t>> compact_files(const Config& config);

}  // namespace edge
