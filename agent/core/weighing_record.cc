#include "agent/core/weighing_record.h"

#include <optional>
#include <utility>

#include "protocols/bytes.h"
#include "protocols/record/decimal.h"

namespace edge {
namespace {

wire::Weighing record_at(const WeighingPlace& place, const Clock& clock) {
  wire::Weighing out;
  out.stamp.site = place.site;
  out.scale = place.scale;
  out.profile = place.profile;
  out.role = place.role;
  out.operator_id = place.operator_id;
  out.at = clock.utc_ms();
  out.clock = clock.state();
  out.boot = clock.boot_id();
  out.mono_ms = clock.mono_ms();
  return out;
}

/// The kilograms as text; nothing where the server could not store them or the value: a link that it must refuse would
/// be a hole in its chain for ever.
std::optional<std::string> storable_kg(const Weight& value, std::string_view unit) {
  const auto grams = to_grams(value, unit);
  if (!grams || !is_storable(to_text(value))) return std::nullopt;
  auto text = kg_text(*grams);
  return is_storable(text) ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace

Result<wire::Weighing> weighing_record(const Capturable& weight, const WeighingPlace& place,
                                       std::string_view override_reason, const Clock& clock) {
  auto kg = storable_kg(weight.gross, weight.unit);
  if (!kg) return fail(Errc::kOutOfRange, to_text(weight.gross) + " " + weight.unit + " cannot be told in kilograms");
  const auto& sample = weight.sample;
  auto out = record_at(place, clock);
  out.value = to_text(weight.gross);
  out.unit = weight.unit;
  out.kg = *std::move(kg);
  out.e = to_text(weight.e);
  out.mode = to_text(sample.mode);
  out.stability = weight.stability == Tri::kYes ? "Indicator" : "Inferred";
  out.stable_ms = weight.stable_ms;
  out.spread = to_text(weight.spread);
  if (weight.zero_seen_ago_ms) out.zero_seen_at = out.at - *weight.zero_seen_ago_ms;
  out.checksum = to_text(sample.checksum);
  out.raw_hex = to_hex(sample.raw);
  if (sample.tare) out.tare = to_text(*sample.tare);
  out.range = sample.weighing_range;
  out.indicator_alibi = sample.indicator_alibi;
  for (const Refusal refusal : weight.overridden) {
    if (!out.override_reason.empty()) out.override_reason += '+';
    out.override_reason += to_text(refusal);
  }
  if (!weight.overridden.empty()) out.override_reason += ": " + std::string(override_reason);
  return out;
}

Result<wire::Weighing> keyed_record(const KeyedWeight& weight, const WeighingPlace& place, const Clock& clock) {
  const auto value = weight_from(weight.value);
  if (!value || value->digits < 0) return fail(Errc::kMalformed, "value: write the weight like 14580 or 14.58");
  const auto unit = mass_unit(weight.unit);
  if (!unit) return fail(Errc::kMalformed, "unit: write kg, g, t or lb");
  if (weight.reason.empty()) return fail(Errc::kMalformed, "reason: say why the weight is keyed in");
  auto kg = storable_kg(*value, *unit);
  if (!kg) return fail(Errc::kMalformed, "value: is too large");
  auto out = record_at(place, clock);
  out.value = weight.value;
  out.unit = *unit;
  out.kg = *std::move(kg);
  out.e = to_text(place.rules.e);
  out.mode = to_text(WeightMode::kUnknown);
  out.stability = "None";
  out.checksum = to_text(ChecksumState::kAbsent);
  out.manual = true;
  out.reason = weight.reason;
  return out;
}

}  // namespace edge
