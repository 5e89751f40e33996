#include "agent/core/ticket_record.h"

#include "protocols/record/mismatch.h"
#include "protocols/record/weight.h"

namespace edge {
namespace {

int rank(std::string_view stability) { return stability == "Indicator" ? 2 : stability == "Inferred" ? 1 : 0; }

WeighingFacts facts_of(const wire::Weighing& weighing) {
  return {weighing.scale,
          weighing.value ? std::string_view(*weighing.value) : std::string_view(),
          weighing.unit,
          weighing.stability,
          weighing.override_reason,
          weighing.manual,
          weighing.at};
}

void judge(wire::ScaleTicket& ticket, const wire::Weighing& gross, const wire::Weighing& tare,
           const ToleranceBook& book) {
  TicketFacts facts;
  facts.site = ticket.stamp.site;
  facts.scale = ticket.scale;
  facts.unit = ticket.unit;
  facts.at = ticket.at;
  facts.gross = ticket.gross;
  facts.tare = ticket.tare;
  facts.net = ticket.net;
  facts.declared_net_kg = ticket.declared_net_kg;
  facts.manual = ticket.manual;
  facts.stability = ticket.stability;
  facts.direction = ticket.direction;
  facts.gross_weighing = ticket.gross_weighing;
  facts.tare_weighing = ticket.tare_weighing;
  facts.gross_stored = facts_of(gross);
  facts.tare_stored = facts_of(tare);
  auto verdict = judge_ticket(facts, book);
  ticket.net_kg = verdict.net_kg;
  ticket.mismatch = verdict.mismatch;
  ticket.reasons = std::move(verdict.reasons);
  ticket.difference_kg = verdict.difference_kg;
  ticket.difference_pct = verdict.difference_pct;
  ticket.policy_version = verdict.policy_version;
}

}  // namespace

wire::ScaleTicket ticket_record(const OpenTicket& open, const TicketPasses& passes, const ToleranceBook& book) {
  const bool gross_first = passes.direction == "Receive";
  const auto& gross = gross_first ? passes.first : passes.second;
  const auto& tare = gross_first ? passes.second : passes.first;
  wire::ScaleTicket out;
  out.stamp.site = open.site;
  out.scale = open.scale;
  out.action = "complete";
  out.at = passes.at;
  out.direction = passes.direction;
  // Kilograms are exact to the gram in every unit: of weights in two units only they can be subtracted. The ticket then
  // names weights that no display showed, which the judge says (unit_mismatch, weight_not_captured).
  const bool one_unit = gross.unit == tare.unit;
  out.unit = one_unit ? gross.unit : "kg";
  out.gross = one_unit ? gross.value.value_or("") : gross.kg;
  out.tare = one_unit ? tare.value.value_or("") : tare.kg;
  out.gross_kg = gross.kg;
  out.tare_kg = tare.kg;
  const auto heavy = weight_from(out.gross);
  const auto light = weight_from(out.tare);
  const auto net = heavy && light ? subtract(*heavy, *light) : std::nullopt;
  if (net) out.net = to_text(*net);
  out.gross_weighing = gross.stamp.uid;
  out.tare_weighing = tare.stamp.uid;
  out.declared_net_kg = open.declared_net_kg;
  out.order = open.order;
  out.lot = open.lot;
  out.vehicle = open.vehicle;
  out.driver = open.driver;
  out.operator_id = passes.operator_id.empty() ? open.operator_id : passes.operator_id;
  out.stability = rank(gross.stability) < rank(tare.stability) ? gross.stability : tare.stability;
  out.manual = gross.manual || tare.manual;
  out.prints = 1;
  out.alibi_hash = passes.second.hash;
  judge(out, gross, tare, book);
  return out;
}

}  // namespace edge
