#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "agent/core/agent_status.h"
#include "agent/ports/store.h"
#include "protocols/result.h"

namespace edge {

/// What the commands act on.
struct CommandPorts {
  std::function<Result<AgentStatus>()> status;
  DeadLetters& dead_letters;
  PendingList& pending;
  std::function<void()> requeued;        ///< tells sync that there is more to send
  std::function<Result<void>()> reload;  ///< SIGHUP by another way
};

/// Answers one request as one line: `{"ok":true,"result":…}` or `{"ok":false,"error":"…"}`. The same for the running
/// agent and for the command line alone with the file.
///
/// {"command":"status"} · {"command":"outbox-list","limit":50,"after":0} · {"command":"dead-letters-list","limit":50,
/// "after":0} · {"command":"dead-letters-show","id":7} · {"command":"dead-letters-requeue","id":7 | "code":"…" |
/// "all":true} · {"command":"reload"}
std::string answer_command(std::string_view request, const CommandPorts& ports) noexcept;

}  // namespace edge
