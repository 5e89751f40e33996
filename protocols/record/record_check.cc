#include "protocols/record/record_check.h"

#include <array>

#include "protocols/bytes.h"
#include "protocols/record/field_checker.h"
#include "protocols/record/observation.h"

namespace edge {
namespace {

constexpr std::array<std::string_view, 6> kGapReasons = {"thinned_ok",     "thinned_invalid",   "thinned_warning",
                                                         "thinned_folded", "dead_letter_bound", "corrupt"};
constexpr std::array<std::string_view, 5> kAmendCauses = {"spike", "flat_line", "clock", "rejudge", "neighbour"};

void check_flag(FieldChecker& check, const FieldText& field) {
  check.text("flag", field, Need::kMandatory, "OK, Warning, Quarantine or Invalid",
             [](std::string_view text) { return flag_from(text).has_value(); });
}

void check_raw(FieldChecker& check, const ObservationFields& fields) {
  check.length("raw", fields.raw, kRawLimit);
  check.text("raw", fields.raw, Need::kMandatory, "UTF-8 text", is_utf8);
  check.integer("raw_bytes", fields.raw_bytes, Need::kMandatory, 0, INT64_MAX);
  check.hex("raw_sha256", fields.raw_sha256, Need::kMandatory, 64);
}

}  // namespace

std::string_view to_text(RejectCode code) {
  switch (code) {
    case RejectCode::kMalformed:
      return "malformed";
    case RejectCode::kUnknownKind:
      return "unknown_kind";
    case RejectCode::kBadUid:
      return "bad_uid";
    case RejectCode::kTooLong:
      return "too_long";
  }
  return "malformed";
}

std::optional<Rejection> check_observation(const ObservationFields& fields) {
  FieldChecker check;
  check.uid(fields.uid);
  check.seq("seq", fields.seq);
  check.text("identity", fields.identity, Need::kMandatory, "content, received or polled",
             [](std::string_view text) { return identity_from(text).has_value(); });
  check.id("site", fields.site, Need::kMandatory);
  check.id("device", fields.device, Need::kMandatory);
  check.length("type", fields.type, 64);
  check.text("type", fields.type, Need::kMandatory, "a type of a-z, 0-9, _ and .", is_wire_type);
  check.integer("index", fields.index, Need::kOptional, 0, INT32_MAX);
  check.time("observed_at", fields.observed_at, Need::kMandatory);
  check.time("received_at", fields.received_at, Need::kMandatory);
  check.text("time_source", fields.time_source, Need::kMandatory, "device or receive",
             [](std::string_view text) { return time_source_from(text).has_value(); });
  check.clock(fields.clock, Need::kMandatory);
  check.value("value", fields.value, Need::kOptional);
  check.name("unit", fields.unit, Need::kOptional);
  check.value("value_in", fields.value_in, Need::kOptional);
  check.name("unit_in", fields.unit_in, Need::kOptional);
  check_flag(check, fields.flag);
  check.reasons(fields.has_reasons, fields.reasons);
  check.name("policy_version", fields.policy_version, Need::kOptional);
  check_raw(check, fields);
  return std::move(check).first();
}

std::optional<Rejection> check_gap(const GapFields& fields) {
  FieldChecker check;
  check.uid(fields.uid);
  check.seq("seq", fields.seq);
  check.id("site", fields.site, Need::kOptional);
  check.id("device", fields.device, Need::kOptional);
  check.seq("from_seq", fields.from_seq);
  check.seq("to_seq", fields.to_seq);
  check.require("to_seq", fields.to_seq.value >= fields.from_seq.value, "at or above from_seq");
  // Not compared: a clock that was set back makes a later row the earlier one.
  check.time("from_at", fields.from_at, Need::kMandatory);
  check.time("to_at", fields.to_at, Need::kMandatory);
  check.seq("count", fields.count);
  // Both are at least 1, so the difference cannot overflow.
  check.require("count", fields.count.value - 1 <= fields.to_seq.value - fields.from_seq.value,
                "at most the rows from from_seq to to_seq");
  check.text("reason", fields.reason, Need::kMandatory, "a known reason of a gap", one_of(kGapReasons));
  return std::move(check).first();
}

std::optional<Rejection> check_amend(const AmendFields& fields) {
  FieldChecker check;
  check.uid(fields.uid);
  check.seq("seq", fields.seq);
  check.id("site", fields.site, Need::kOptional);
  check.hex("target", fields.target, Need::kMandatory, 32);
  check.text("cause", fields.cause, Need::kMandatory, "a known cause of an amendment", one_of(kAmendCauses));
  check_flag(check, fields.flag);
  check.reasons(fields.has_reasons, fields.reasons);
  check.name("policy_version", fields.policy_version, Need::kOptional);
  const bool is_clock = fields.cause.text == "clock";
  check.time("observed_at", fields.observed_at, is_clock ? Need::kMandatory : Need::kOptional);
  check.clock(fields.clock, Need::kOptional);
  return std::move(check).first();
}

}  // namespace edge
