#include <array>
#include <utility>

#include "protocols/record/field_checker.h"
#include "protocols/record/identity.h"
#include "protocols/record/record_check.h"
#include "protocols/record/ticket.h"

namespace edge {
namespace {

constexpr std::array<std::string_view, 3> kActions = {"complete", "correct", "void"};
constexpr std::array<std::string_view, 2> kDirections = {"Receive", "Dispatch"};
constexpr std::array<std::string_view, 3> kStabilities = {"Indicator", "Inferred", "None"};

void check_place(FieldChecker& check, const TicketFields& f) {
  check.uid(f.uid);
  check.seq("seq", f.seq);
  check.id("site", f.site, Need::kMandatory);
  check.text("epoch", f.epoch, Need::kOptional, "an epoch", is_epoch);
  check.text("action", f.action, Need::kMandatory, "complete, correct or void", one_of(kActions));
  check.time("at", f.at, Need::kMandatory);
  check.name("operator", f.operator_id, Need::kOptional);
}

void check_weights(FieldChecker& check, const TicketFields& f) {
  check.name("unit", f.unit, Need::kMandatory);
  check.value("gross", f.gross, Need::kMandatory);
  check.value("tare", f.tare, Need::kMandatory);
  check.value("net", f.net, Need::kMandatory);
  check.value("gross_kg", f.gross_kg, Need::kOptional);
  check.value("tare_kg", f.tare_kg, Need::kOptional);
  check.value("net_kg", f.net_kg, Need::kOptional);
  check.hex("gross_weighing", f.gross_weighing, Need::kOptional, 32);
  check.hex("tare_weighing", f.tare_weighing, Need::kOptional, 32);
  check.name("tare_vehicle", f.tare_vehicle, Need::kOptional);
  check.time("tare_at", f.tare_at, Need::kOptional);
  check.value("declared_net_kg", f.declared_net_kg, Need::kOptional);
}

void check_load(FieldChecker& check, const TicketFields& f) {
  check.text("direction", f.direction, Need::kMandatory, "Receive or Dispatch", one_of(kDirections));
  check.name("order", f.order, Need::kOptional);
  check.name("lot", f.lot, Need::kOptional);
  check.name("vehicle", f.vehicle, Need::kOptional);
  check.name("driver", f.driver, Need::kOptional);
  check.text("stability", f.stability, Need::kOptional, "Indicator, Inferred or None", one_of(kStabilities));
  check.boolean("manual", f.manual);
  check.integer("prints", f.prints, Need::kOptional, 0, INT32_MAX);
}

void check_verdict(FieldChecker& check, const TicketFields& f) {
  check.boolean("mismatch", f.mismatch);
  check.reasons(f.has_reasons, f.reasons);
  check.value("difference_kg", f.difference_kg, Need::kOptional);
  check.value("difference_pct", f.difference_pct, Need::kOptional);
  check.name("policy_version", f.policy_version, Need::kOptional);
  check.hex("alibi_hash", f.alibi_hash, Need::kOptional, 64);
}

void check_finished(FieldChecker& check, const TicketFields& f) {
  check.id("scale", f.scale, Need::kMandatory);
  check.name("number", f.number, Need::kMandatory);
  check.text("number", f.number, Need::kMandatory, "a ticket number {site}-{scale code}-{epoch}-{000001}",
             [](std::string_view text) { return parse_ticket_number(text).has_value(); });
  check_weights(check, f);
  check_load(check, f);
  check_verdict(check, f);
  const bool is_correction = f.action.text == "correct";
  check.hex("corrects", f.corrects, is_correction ? Need::kMandatory : Need::kOptional, 32);
  if (!is_correction) check.missing("corrects", f.corrects, "missing but in a correction");
  check.missing("voids", f.voids, "missing but in a void");
  check.note("reason", f.reason, Need::kOptional);
}

void check_void(FieldChecker& check, const TicketFields& f) {
  check.id("scale", f.scale, Need::kOptional);
  check.hex("voids", f.voids, Need::kMandatory, 32);
  check.note("reason", f.reason, Need::kMandatory);
  check.require("reason", f.reason.text.find_first_not_of(" \t\r\n") != std::string_view::npos, "said");
  for (const auto& [name, field] : {std::pair<const char*, const FieldText&>{"number", f.number},
                                    {"gross", f.gross},
                                    {"tare", f.tare},
                                    {"net", f.net},
                                    {"gross_weighing", f.gross_weighing},
                                    {"tare_weighing", f.tare_weighing},
                                    {"corrects", f.corrects}}) {
    check.missing(name, field, "missing in a void");
  }
}

}  // namespace

std::optional<Rejection> check_ticket(const TicketFields& fields, std::string_view gateway,
                                      std::string_view batch_epoch) {
  FieldChecker check;
  check_place(check, fields);
  const bool is_void = fields.action.text == "void";
  if (is_void) {
    check_void(check, fields);
  } else {
    check_finished(check, fields);
  }
  if (!check.passed()) return std::move(check).first();
  const std::string_view epoch = fields.epoch.kind == FieldText::Kind::kText ? fields.epoch.text : batch_epoch;
  const std::string key = is_void ? "void/" + std::string(fields.voids.text) : std::string(fields.number.text);
  check.uid_is(fields.uid, uid_of_sequence(gateway, epoch, "scale_ticket", key));
  return std::move(check).first();
}

}  // namespace edge
