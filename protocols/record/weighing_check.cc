#include <array>

#include "protocols/bytes.h"
#include "protocols/record/chain.h"
#include "protocols/record/field_checker.h"
#include "protocols/record/identity.h"
#include "protocols/record/record_check.h"
#include "protocols/record/ticket.h"
#include "protocols/record/weight.h"

namespace edge {
namespace {

constexpr std::string_view kGenesis = "genesis";
constexpr std::array<std::string_view, 4> kRoles = {"gross", "tare", "unknown", kGenesis};
constexpr std::array<std::string_view, 3> kModes = {"gross", "net", "unknown"};
constexpr std::array<std::string_view, 3> kStabilities = {"Indicator", "Inferred", "None"};
constexpr std::array<std::string_view, 3> kChecksums = {"absent", "ok", "bad"};

bool is_raw_hex(std::string_view text) { return text.size() % 2 == 0 && is_lower_hex(text, text.size()); }

void check_place(FieldChecker& check, const WeighingFields& f) {
  check.uid(f.uid);
  check.seq("seq", f.seq);
  check.id("site", f.site, Need::kMandatory);
  check.id("scale", f.scale, Need::kMandatory);
  check.text("epoch", f.epoch, Need::kOptional, "an epoch", is_epoch);
  check.integer("alibi_seq", f.alibi_seq, Need::kMandatory, 0, INT64_MAX);
  check.time("at", f.at, Need::kMandatory);
  check.clock(f.clock, Need::kMandatory);
  check.name("boot", f.boot, Need::kOptional);
  check.integer("mono_ms", f.mono_ms, Need::kOptional, 0, INT64_MAX);
  check.text("role", f.role, Need::kMandatory, "gross, tare, unknown or genesis", one_of(kRoles));
  check.hex("prev_hash", f.prev_hash, Need::kMandatory, 64);
  check.hex("hash", f.hash, Need::kMandatory, 64);
}

void check_capture(FieldChecker& check, const WeighingFields& f) {
  check.text("mode", f.mode, Need::kOptional, "gross, net or unknown", one_of(kModes));
  check.value("e", f.e, Need::kOptional);
  check.integer("stable_ms", f.stable_ms, Need::kOptional, 0, INT64_MAX);
  check.value("spread", f.spread, Need::kOptional);
  check.time("zero_seen_at", f.zero_seen_at, Need::kOptional);
  check.name("profile", f.profile, Need::kOptional);
  check.text("checksum", f.checksum, Need::kOptional, "absent, ok or bad", one_of(kChecksums));
  check.length("raw_hex", f.raw_hex, kRawLimit);
  check.text("raw_hex", f.raw_hex, Need::kOptional, "lower-case hex digits, two a byte", is_raw_hex);
  check.boolean("manual", f.manual);
  check.name("operator", f.operator_id, Need::kOptional);
  check.value("tare", f.tare, Need::kOptional);
  check.name("range", f.range, Need::kOptional);
  check.name("indicator_alibi", f.indicator_alibi, Need::kOptional);
  check.note("override", f.override_reason, Need::kOptional);
  check.note("reason", f.reason, Need::kOptional);
}

/// What every record has but the first of an epoch.
void check_weight(FieldChecker& check, const WeighingFields& f) {
  check.require("genesis", !f.has_genesis && !f.bad_genesis, "missing but in the first record of an epoch");
  check.require("alibi_seq", f.alibi_seq.value > 0, "above 0 but in the first record of an epoch");
  check.value("value", f.value, Need::kMandatory);
  check.name("unit", f.unit, Need::kMandatory);
  check.text("unit", f.unit, Need::kMandatory, "a unit of mass", [](auto text) { return mass_unit(text).has_value(); });
  check.text("stability", f.stability, Need::kMandatory, "Indicator, Inferred or None", one_of(kStabilities));
  check.value("kg", f.kg, Need::kMandatory);
  if (!check.passed()) return;
  const auto weight = weight_from(f.value.text);
  const auto grams = weight ? to_grams(*weight, f.unit.text) : std::nullopt;
  check.require("value", grams.has_value(), "a weight");
  check.require("kg", grams && kg_text(*grams) == f.kg.text, "the value in kilograms, rounded to the gram");
}

void check_first_of_epoch(FieldChecker& check, const WeighingFields& f) {
  check.require("alibi_seq", f.alibi_seq.value == 0, "0 in the first record of an epoch");
  check.require("prev_hash", f.prev_hash.text == kNoHash, "64 zeros in the first record of an epoch");
  check.missing("value", f.value, "missing in the first record of an epoch");
  check.missing("kg", f.kg, "missing in the first record of an epoch");
  check.text("stability", f.stability, Need::kOptional, "Indicator, Inferred or None", one_of(kStabilities));
  check.name("unit", f.unit, Need::kOptional);
  check.require("genesis", !f.bad_genesis, "an object");
  if (!f.has_genesis) return;
  check.text("genesis.epoch", f.genesis_epoch, Need::kMandatory, "an epoch", is_epoch);
  check.integer("genesis.alibi_seq", f.genesis_alibi_seq, Need::kMandatory, 0, INT64_MAX);
  check.hex("genesis.hash", f.genesis_hash, Need::kMandatory, 64);
}

WeighingLink link_of(const WeighingFields& f, std::string_view gateway, std::string_view epoch) {
  WeighingLink link;
  link.prev_hash = f.prev_hash.text;
  link.gateway = gateway, link.site = f.site.text, link.scale = f.scale.text, link.epoch = epoch;
  link.alibi_seq = f.alibi_seq.value, link.at = f.at.value;
  link.value = f.value.text, link.unit = f.unit.text, link.e = f.e.text, link.mode = f.mode.text;
  link.role = f.role.text, link.stability = f.stability.text, link.raw_hex = f.raw_hex.text;
  link.indicator_alibi = f.indicator_alibi.text, link.manual = f.manual.value, link.operator_id = f.operator_id.text;
  link.override_or_reason = f.override_reason.text.empty() ? f.reason.text : f.override_reason.text;
  if (f.has_genesis) link.genesis = GenesisLink{f.genesis_epoch.text, f.genesis_alibi_seq.value, f.genesis_hash.text};
  return link;
}

std::string_view epoch_of(const FieldText& own, std::string_view of_batch) {
  return own.kind == FieldText::Kind::kText ? own.text : of_batch;
}

}  // namespace

std::string hash_of_weighing(const WeighingFields& fields, std::string_view gateway, std::string_view batch_epoch) {
  return weighing_hash(link_of(fields, gateway, epoch_of(fields.epoch, batch_epoch)));
}

std::optional<Rejection> check_weighing(const WeighingFields& fields, std::string_view gateway,
                                        std::string_view batch_epoch) {
  FieldChecker check;
  check_place(check, fields);
  if (fields.role.text == kGenesis) {
    check_first_of_epoch(check, fields);
  } else {
    check_weight(check, fields);
  }
  check_capture(check, fields);
  if (!check.passed()) return std::move(check).first();
  const std::string key = std::string(fields.scale.text) + '/' + std::to_string(fields.alibi_seq.value);
  check.uid_is(fields.uid, uid_of_sequence(gateway, epoch_of(fields.epoch, batch_epoch), "weighing", key));
  check.require("hash", hash_of_weighing(fields, gateway, batch_epoch) == fields.hash.text,
                "the one of the record's content");
  return std::move(check).first();
}

}  // namespace edge
