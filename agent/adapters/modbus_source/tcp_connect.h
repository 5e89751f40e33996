#pragma once
#include <chrono>
#include <string>

#include "protocols/result.h"

namespace edge {

/// A connected TCP socket for "host:port", not later than after `within`; the caller closes it. A byte in `wake_fd`
/// ends the wait. A name is looked up by the system's resolver, which keeps its own time: addresses are better.
/// Errors: kMalformed (no such form), kUnavailable (with the system's words).
Result<int> connect_tcp(const std::string& host_port, std::chrono::milliseconds within, int wake_fd);

}  // namespace edge
