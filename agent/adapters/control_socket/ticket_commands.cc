#include "agent/adapters/control_socket/command.h"
#include "agent/core/weighbridge.h"

namespace edge::control {
namespace {

Result<Weighbridge*> bridge_of(const CommandPorts& ports) {
  if (ports.weighbridge != nullptr) return ports.weighbridge;
  // Only a running agent can be told to reload.
  return fail(Errc::kUnavailable, ports.reload ? "no scale is configured" : "no agent is running");
}

Result<Tickets*> tickets_of(const CommandPorts& ports) {
  if (ports.tickets != nullptr) return ports.tickets;
  return fail(Errc::kUnavailable, "no scale is configured");
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json weight_or_null(const std::optional<Weight>& weight) { return weight ? Json(to_text(*weight)) : Json(nullptr); }

Json said(Tri tri) { return tri == Tri::kUnknown ? Json(nullptr) : Json(tri == Tri::kYes); }

Json scale_json(const ScaleStatus& scale) {
  const auto& view = scale.view;
  Json out = {{"scale", scale.device},          {"code", scale.code},           {"site", scale.site},
              {"profile", scale.profile},       {"state", to_text(view.state)}, {"gross", weight_or_null(view.gross)},
              {"unit", text_or_null(view.unit)}};
  out["shown"] = view.sample ? weight_or_null(view.sample->value) : Json(nullptr);
  out["mode"] = view.sample ? Json(to_text(view.sample->mode)) : Json(nullptr);
  out["tare"] = view.sample ? weight_or_null(view.sample->tare) : Json(nullptr);
  out["stable"] = view.sample ? said(view.sample->stable) : Json(nullptr);
  out["silent_ms"] = view.silent_ms ? Json(*view.silent_ms) : Json(nullptr);
  out["refusal"] = view.refusal ? Json(to_text(*view.refusal)) : Json(nullptr);
  out["sentence"] = view.refusal ? Json(sentence(*view.refusal)) : Json(nullptr);
  out["trouble"] = text_or_null(scale.trouble);
  return out;
}

Json open_json(const OpenTicket& ticket) {
  return {{"id", ticket.id},
          {"site", ticket.site},
          {"scale", ticket.scale},
          {"vehicle", ticket.vehicle},
          {"driver", text_or_null(ticket.driver)},
          {"operator", text_or_null(ticket.operator_id)},
          {"direction", text_or_null(ticket.direction)},
          {"declared_net_kg", text_or_null(ticket.declared_net_kg)},
          {"order", text_or_null(ticket.order)},
          {"lot", text_or_null(ticket.lot)},
          {"opened_at", ticket.opened_at},
          {"first_weighing", text_or_null(ticket.first_weighing)},
          {"second_weighing", text_or_null(ticket.second_weighing)}};
}

Result<Json> show_scales(const Json&, const CommandPorts& ports) {
  const auto bridge = bridge_of(ports);
  if (!bridge) return tl::unexpected(bridge.error());
  Json out = Json::array();
  for (const auto& scale : (*bridge)->scales()) out.push_back(scale_json(scale));
  return out;
}

Result<Json> start(const Json& request, const CommandPorts& ports) {
  const auto bridge = bridge_of(ports);
  if (!bridge) return tl::unexpected(bridge.error());
  TicketStart order;
  const auto read = texts(request, {{"scale", &order.scale},
                                    {"vehicle", &order.vehicle},
                                    {"driver", &order.driver},
                                    {"operator", &order.operator_id},
                                    {"direction", &order.direction},
                                    {"declared_net_kg", &order.declared_net_kg},
                                    {"order", &order.order},
                                    {"lot", &order.lot}});
  if (!read) return tl::unexpected(read.error());
  return (*bridge)->start(order).map(open_json);
}

Result<Json> capture(const Json& request, const CommandPorts& ports) {
  const auto bridge = bridge_of(ports);
  if (!bridge) return tl::unexpected(bridge.error());
  CaptureOrder order;
  const auto read = texts(request, {{"scale", &order.scale},
                                    {"operator", &order.operator_id},
                                    {"override", &order.override_reason},
                                    {"value", &order.manual_value},
                                    {"unit", &order.manual_unit},
                                    {"reason", &order.manual_reason}});
  if (!read) return tl::unexpected(read.error());
  if (request.contains("id")) {
    const auto id = whole(request, "id", 0);
    if (!id) return tl::unexpected(id.error());
    order.ticket = *id;
  }
  const auto pass = whole(request, "pass", 0);
  if (!pass) return tl::unexpected(pass.error());
  if (*pass < 0 || *pass > 2) return fail(Errc::kMalformed, "pass: 1 or 2");
  order.pass = static_cast<int>(*pass);
  return (*bridge)->capture(order).map([](const wire::Weighing& weighing) { return record_json(weighing); });
}

Result<Json> complete(const Json& request, const CommandPorts& ports) {
  const auto bridge = bridge_of(ports);
  if (!bridge) return tl::unexpected(bridge.error());
  TicketEnd order;
  const auto read = texts(request, {{"operator", &order.operator_id}, {"direction", &order.direction}});
  if (!read) return tl::unexpected(read.error());
  const auto id = whole(request, "id", 0);
  if (!id) return tl::unexpected(id.error());
  order.id = *id;
  return (*bridge)->complete(order).map([](const wire::ScaleTicket& ticket) { return record_json(ticket); });
}

Result<Json> make_void(const Json& request, const CommandPorts& ports) {
  const auto bridge = bridge_of(ports);
  if (!bridge) return tl::unexpected(bridge.error());
  TicketVoid order;
  const auto read =
      texts(request, {{"number", &order.number}, {"reason", &order.reason}, {"operator", &order.operator_id}});
  if (!read) return tl::unexpected(read.error());
  return (*bridge)->void_ticket(order).map([](const wire::ScaleTicket& ticket) { return record_json(ticket); });
}

Result<Json> drop(const Json& request, const CommandPorts& ports) {
  const auto bridge = bridge_of(ports);
  if (!bridge) return tl::unexpected(bridge.error());
  const auto id = whole(request, "id", 0);
  if (!id) return tl::unexpected(id.error());
  return (*bridge)->drop(*id).map([&] { return Json{{"dropped", *id}}; });
}

Result<Json> list(const Json& request, const CommandPorts& ports) {
  const auto page = page_of(request);
  if (!page) return tl::unexpected(page.error());
  const auto tickets = tickets_of(ports);
  if (!tickets) return tl::unexpected(tickets.error());
  const auto open = (*tickets)->open_tickets();
  if (!open) return tl::unexpected(open.error());
  const auto finished = (*tickets)->tickets({}, page->limit);
  if (!finished) return tl::unexpected(finished.error());
  Json out = {{"open", Json::array()}, {"finished", Json::array()}};
  for (const auto& ticket : *open) out["open"].push_back(open_json(ticket));
  for (const auto& ticket : *finished) out["finished"].push_back(record_json(ticket));
  return out;
}

/// Null where there is none, or none under that uid.
Json weighing_or_null(const CommandPorts& ports, const std::string& uid) {
  if (uid.empty() || ports.weighings == nullptr) return nullptr;
  const auto weighing = ports.weighings->weighing(uid);
  return weighing ? record_json(*weighing) : Json(nullptr);
}

Result<Json> show(const Json& request, const CommandPorts& ports) {
  const auto number = text(request, "number");
  if (!number) return tl::unexpected(number.error());
  if (number->empty()) return fail(Errc::kMalformed, "number: say which ticket");
  const auto tickets = tickets_of(ports);
  if (!tickets) return tl::unexpected(tickets.error());
  const auto found = (*tickets)->tickets(*number, 1);
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return fail(Errc::kNotFound, "there is no ticket " + *number);
  const auto& ticket = found->front();
  const auto voided = void_of(**tickets, ticket.stamp.uid);
  if (!voided) return tl::unexpected(voided.error());
  return Json{{"ticket", record_json(ticket)},
              {"gross", weighing_or_null(ports, ticket.gross_weighing)},
              {"tare", weighing_or_null(ports, ticket.tare_weighing)},
              {"void", *voided ? record_json(**voided) : Json(nullptr)}};
}

constexpr Command kCommands[] = {
    {"scales", show_scales},    {"ticket-start", start}, {"ticket-capture", capture}, {"ticket-complete", complete},
    {"ticket-void", make_void}, {"ticket-drop", drop},   {"ticket-list", list},       {"ticket-show", show},
};

}  // namespace

std::span<const Command> ticket_commands() { return kCommands; }

}  // namespace edge::control
