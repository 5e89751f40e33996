#include "protocols/wire/records.h"

#include "protocols/wire/json_writer.h"

namespace edge::wire {
namespace {

JsonWriter record_head(std::string_view kind, const Stamp& stamp, std::size_t reserve) {
  JsonWriter json(reserve);
  json.begin_object().text("kind", kind).text("uid", stamp.uid).integer("seq", stamp.seq);
  json.text_if("epoch", stamp.epoch);
  return json;
}

std::string_view text_of(const std::optional<std::string>& value) {
  return value ? std::string_view(*value) : std::string_view{};
}

void write_fold(JsonWriter& json, const Fold& fold) {
  json.begin_object("fold").integer("count", fold.count).integer("first_at", fold.first_at);
  json.integer("last_at", fold.last_at).text("last_raw", fold.last_raw).end_object();
}

void write_aggregate(JsonWriter& json, const Aggregate& agg) {
  json.begin_object("agg").integer("from", agg.from).integer("to", agg.to).text("min", agg.min);
  json.text("mean", agg.mean).text("max", agg.max).text("last", agg.last).integer("count", agg.count).end_object();
}

void write_boot(JsonWriter& json, const std::string& boot, std::int64_t mono_ms) {
  if (!boot.empty()) json.text("boot", boot).integer("mono_ms", mono_ms);
}

std::string encode_one(const ObservationRecord& record) { return encode_observation(record.stamp, record.observation); }

void write_genesis(JsonWriter& json, const WeighingGenesis& genesis) {
  json.begin_object("genesis").text("epoch", genesis.epoch).integer("alibi_seq", genesis.alibi_seq);
  json.text("hash", genesis.hash).end_object();
}

std::string encode_one(const Weighing& w) {
  JsonWriter json = record_head("weighing", w.stamp, 768);
  json.text("site", w.stamp.site).text("scale", w.scale).integer("alibi_seq", w.alibi_seq).integer("at", w.at);
  json.text("clock", to_text(w.clock));
  write_boot(json, w.boot, w.mono_ms);
  json.text_if("value", text_of(w.value)).text_if("unit", w.unit).text_if("kg", w.kg).text_if("e", w.e);
  json.text_if("mode", w.mode).text_if("role", w.role).text_if("stability", w.stability);
  json.integer_if("stable_ms", w.stable_ms).text_if("spread", w.spread).integer_if("zero_seen_at", w.zero_seen_at);
  json.text_if("profile", w.profile).text_if("checksum", w.checksum).text_if("raw_hex", w.raw_hex);
  json.boolean("manual", w.manual).text_if("operator", w.operator_id).text_if("tare", w.tare);
  json.text_if("range", w.range).text_if("indicator_alibi", w.indicator_alibi);
  json.text_if("override", w.override_reason).text_if("reason", w.reason);
  json.text("prev_hash", w.prev_hash).text("hash", w.hash);
  if (w.genesis) write_genesis(json, *w.genesis);
  return json.end_object().take();
}

void write_ticket_weights(JsonWriter& json, const ScaleTicket& t) {
  json.text_if("direction", t.direction).text_if("unit", t.unit).text_if("gross", t.gross).text_if("tare", t.tare);
  json.text_if("net", t.net).text_if("gross_kg", t.gross_kg).text_if("tare_kg", t.tare_kg);
  json.text_if("net_kg", t.net_kg).text_if("gross_weighing", t.gross_weighing);
  json.text_if("tare_weighing", t.tare_weighing).text_if("tare_vehicle", t.tare_vehicle);
  json.integer_if("tare_at", t.tare_at).text_if("declared_net_kg", t.declared_net_kg);
}

std::string encode_one(const ScaleTicket& t) {
  JsonWriter json = record_head("scale_ticket", t.stamp, 1024);
  json.text("site", t.stamp.site).text_if("scale", t.scale).text("action", t.action).text_if("number", t.number);
  json.integer("at", t.at);
  if (t.action == "void") {  // no number and no weights: it only points
    json.text_if("operator", t.operator_id).text("voids", t.voids).text("reason", t.reason);
    return json.end_object().take();
  }
  write_ticket_weights(json, t);
  json.text_if("order", t.order).text_if("lot", t.lot).text_if("vehicle", t.vehicle).text_if("driver", t.driver);
  json.text_if("operator", t.operator_id).text_if("stability", t.stability).boolean("manual", t.manual);
  json.integer("prints", t.prints).boolean("mismatch", t.mismatch).texts("reasons", t.reasons);
  json.text_if("difference_kg", t.difference_kg).text_if("difference_pct", t.difference_pct);
  json.text_if("policy_version", t.policy_version).text_if("alibi_hash", t.alibi_hash);
  json.text_if("corrects", t.corrects).text_if("reason", t.reason);
  return json.end_object().take();
}

std::string encode_one(const Gap& gap) {
  JsonWriter json = record_head("gap", gap.stamp, 320);
  json.text_if("site", gap.stamp.site).text_if("device", gap.device).integer("from_seq", gap.from_seq);
  json.integer("to_seq", gap.to_seq).integer("from_at", gap.from_at).integer("to_at", gap.to_at);
  return json.integer("count", gap.count).text("reason", gap.reason).end_object().take();
}

std::string encode_one(const Amend& amend) {
  JsonWriter json = record_head("amend", amend.stamp, 320);
  json.text_if("site", amend.stamp.site).text("target", amend.target).text("cause", amend.cause);
  json.text("flag", to_text(amend.flag)).texts("reasons", amend.reasons);
  json.text_if("policy_version", amend.policy_version).integer_if("observed_at", amend.observed_at);
  if (amend.clock) json.text("clock", to_text(*amend.clock));
  return json.end_object().take();
}

}  // namespace

std::string_view kind_of(const Record& record) {
  struct Name {
    std::string_view operator()(const ObservationRecord&) const { return "observation"; }
    std::string_view operator()(const Weighing&) const { return "weighing"; }
    std::string_view operator()(const ScaleTicket&) const { return "scale_ticket"; }
    std::string_view operator()(const Gap&) const { return "gap"; }
    std::string_view operator()(const Amend&) const { return "amend"; }
  };
  return std::visit(Name{}, record);
}

std::string encode(const Record& record) {
  return std::visit([](const auto& one) { return encode_one(one); }, record);
}

std::string encode_observation(const Stamp& stamp, const Observation& o) {
  JsonWriter json = record_head("observation", stamp, 640 + o.raw.size());
  json.text("identity", to_text(o.identity)).text("site", stamp.site).text("device", o.device).text("type", o.type);
  json.integer("index", o.index).integer("observed_at", o.observed_at).integer("received_at", o.received_at);
  json.text("time_source", to_text(o.time_source)).text("clock", to_text(o.clock));
  write_boot(json, o.boot, o.mono_ms);
  json.text_if("value", text_of(o.value)).text_if("unit", o.unit);
  json.text_if("value_in", text_of(o.value_in)).text_if("unit_in", o.unit_in);
  json.text("flag", to_text(o.flag)).texts("reasons", o.reasons).text_if("policy_version", o.policy_version);
  json.boolean("backfilled", o.backfilled).text("raw", o.raw).integer("raw_bytes", o.raw_bytes);
  json.text("raw_sha256", o.raw_sha256);
  if (o.fold) write_fold(json, *o.fold);
  if (o.aggregate) write_aggregate(json, *o.aggregate);
  return json.end_object().take();
}

}  // namespace edge::wire
