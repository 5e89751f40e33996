#include "agent/adapters/control_socket/command.h"
#include "agent/core/reconcile.h"

namespace edge::control {
namespace {

Json moment(const std::optional<std::int64_t>& at) { return at ? Json(*at) : Json(nullptr); }

Json status_of(const ReconcileStatus& status) {
  return {{"state", status.state},
          {"since", moment(status.request.since)},
          {"until", moment(status.request.until)},
          {"all", status.request.all},
          {"dry_run", status.request.dry_run},
          {"started_at", status.started_at == 0 ? Json(nullptr) : Json(status.started_at)},
          {"ended_at", status.ended_at == 0 ? Json(nullptr) : Json(status.ended_at)},
          {"rows", status.rows},
          {"blocks", status.blocks},
          {"differ", status.differ},
          {"missing", status.missing},
          {"resent", status.resent},
          {"trouble", status.trouble}};
}

Result<std::optional<std::int64_t>> time_under(const Json& request, const char* key) {
  if (!request.contains(key) || request[key].is_null()) return std::nullopt;
  const auto at = whole(request, key, 0);
  if (!at) return tl::unexpected(at.error());
  return std::optional<std::int64_t>(*at);
}

Result<Reconciler*> running(const CommandPorts& ports) {
  if (ports.reconciler != nullptr) return ports.reconciler;
  return fail(Errc::kUnavailable, "no agent is running: start it, it has the line to the server");
}

Result<Json> start(const Json& request, const CommandPorts& ports) {
  const auto reconciler = running(ports);
  if (!reconciler) return tl::unexpected(reconciler.error());
  ReconcileRequest wanted;
  for (const auto& [key, into] : {std::pair{"since", &wanted.since}, std::pair{"until", &wanted.until}}) {
    const auto at = time_under(request, key);
    if (!at) return tl::unexpected(at.error());
    *into = *at;
  }
  for (const auto& [key, into] : {std::pair{"all", &wanted.all}, std::pair{"dry_run", &wanted.dry_run}}) {
    *into = request.contains(key) && request[key] == true;
  }
  const auto started = (*reconciler)->start(wanted);
  if (!started) return tl::unexpected(started.error());
  if (ports.requeued) ports.requeued();
  return status_of((*reconciler)->status());
}

Result<Json> show(const Json&, const CommandPorts& ports) {
  const auto reconciler = running(ports);
  if (!reconciler) return tl::unexpected(reconciler.error());
  return status_of((*reconciler)->status());
}

Result<Json> cancel(const Json&, const CommandPorts& ports) {
  const auto reconciler = running(ports);
  if (!reconciler) return tl::unexpected(reconciler.error());
  (*reconciler)->cancel();
  if (ports.requeued) ports.requeued();
  return status_of((*reconciler)->status());
}

constexpr Command kCommands[] = {{"reconcile-start", start}, {"reconcile-status", show}, {"reconcile-cancel", cancel}};

}  // namespace

std::span<const Command> reconcile_commands() { return kCommands; }

}  // namespace edge::control
