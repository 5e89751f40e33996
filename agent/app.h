#pragma once
#include <filesystem>

namespace edge {

/// Runs the agent until SIGTERM or SIGINT and returns the exit code. SIGHUP reads the file and the key again; one that
/// comes while it starts waits until it is up, SIGTERM and SIGINT end it then too.
/// Throws std::runtime_error with one line where it cannot start.
int run_agent(const std::filesystem::path& config_file);

}  // namespace edge
