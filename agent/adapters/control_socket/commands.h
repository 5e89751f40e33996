#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "agent/core/agent_status.h"
#include "agent/ports/store.h"
#include "protocols/result.h"

namespace edge {

class Reconciler;
class Tap;
class Weighbridge;

/// What the commands act on. A null pointer: no scale is configured, or no agent is running.
struct CommandPorts {
  std::function<Result<AgentStatus>()> status;
  DeadLetters& dead_letters;
  PendingList& pending;
  std::function<void()> requeued;        ///< tells sync that there is more to send
  std::function<Result<void>()> reload;  ///< SIGHUP by another way; empty = no agent is running
  std::string gateway{};                 ///< part of every hash of the alibi memory
  Weighings* weighings = nullptr;
  Tickets* tickets = nullptr;
  Weighbridge* weighbridge = nullptr;  ///< of a running agent
  const Tap* tap = nullptr;            ///< of a running agent
  State* state = nullptr;
  Reconciler* reconciler = nullptr;  ///< of a running agent
  Backups* backups = nullptr;
};

/// Answers one request as one line: `{"ok":true,"result":…}` or `{"ok":false,"error":"…"}`. The same for the running
/// agent and for the command line alone with the file.
///
/// {"command":"status"} · {"command":"outbox-list","limit":50,"after":0} · {"command":"dead-letters-list","limit":50,
/// "after":0} · {"command":"dead-letters-show","id":7} · {"command":"dead-letters-requeue","id":7 | "code":"…" |
/// "all":true} · {"command":"outbox-backup","file":"/full/path"} · {"command":"reload"} · {"command":"epoch-grant","epoch":"4"}
///
/// {"command":"scales"} · {"command":"ticket-start","vehicle":"AB-123-C"} with "scale" "driver" "operator" "direction"
/// "declared_net_kg" "order" "lot" · {"command":"ticket-capture"} with "id" "pass" "scale" "operator" and "override" (a
/// reason) or "value" "unit" "reason" (keyed in) · {"command":"ticket-complete","id":4} with "direction" "operator" ·
/// {"command":"ticket-void","number":"…","reason":"…"} with "operator" · {"command":"ticket-drop","id":4} ·
/// {"command":"ticket-list","limit":50} · {"command":"ticket-show","number":"…"}. A refusal is "code: sentence".
///
/// {"command":"alibi-verify","scale":"ws1"} (without a scale: all) · {"command":"alibi-show","scale":"ws1","after":0,
/// "limit":50} or {"command":"alibi-show","uid":"…"} · {"command":"tap","source":"ws1","after":0,"limit":50}
///
/// {"command":"reconcile-start"} with "since" "until" (UTC ms) "all" "dry_run" · {"command":"reconcile-status"} ·
/// {"command":"reconcile-cancel"}
///
/// Weighings and tickets come with the keys they have on the wire (wire.md §3). With no agent running alibi-*,
/// ticket-list and ticket-show answer from the file.
std::string answer_command(std::string_view request, const CommandPorts& ports) noexcept;

}  // namespace edge
