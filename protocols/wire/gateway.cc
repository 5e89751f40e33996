#include "protocols/wire/gateway.h"

#include "protocols/wire/json_writer.h"

namespace edge::wire {
namespace {

void write_counts(JsonWriter& json, std::string_view key, const std::map<std::string, std::int64_t>& counts) {
  json.begin_object(key);
  for (const auto& [name, count] : counts) json.integer(name, count);
  json.end_object();
}

void write_sources(JsonWriter& json, const std::vector<SourceState>& sources) {
  json.begin_array("sources");
  for (const SourceState& source : sources) {
    json.begin_object().text("name", source.name).text("state", source.state).integer("since", source.since);
    json.text_or_null("error", source.error).end_object();
  }
  json.end_array();
}

void write_chain_heads(JsonWriter& json, const std::vector<ChainHead>& heads) {
  json.begin_array("chain_heads");
  for (const ChainHead& head : heads) {
    json.begin_object().text("scale", head.scale).text("epoch", head.epoch).integer("seq", head.seq);
    json.text("hash", head.hash).end_object();
  }
  json.end_array();
}

}  // namespace

PolicyBook book_of(const GatewayConfig& config) {
  PolicyBook book(config.policies);
  if (!config.devices) return book;
  std::vector<std::pair<std::string, std::string>> known;
  known.reserve(config.devices->size());
  for (const ConfigDevice& device : *config.devices) known.emplace_back(device.site, device.device);
  book.set_devices(std::move(known));
  return book;
}

std::string encode_heartbeat(const Heartbeat& beat) {
  JsonWriter json(1024);
  json.begin_object().text("gateway", beat.gateway).text("epoch", beat.epoch).text("instance", beat.instance);
  json.text("version", beat.version).integer("at", beat.at).integer("uptime_s", beat.uptime_s);
  json.text("clock", to_text(beat.clock)).integer_or_null("clock_offset_ms", beat.clock_offset_ms);
  json.text_or_null("config_version", beat.config_version).text_or_null("key_id", beat.key_id);
  json.integer_or_null("key_expires", beat.key_expires).integer("last_seq", beat.last_seq);
  json.integer("buffered", beat.buffered).integer_or_null("oldest_unsent_at", beat.oldest_unsent_at);
  if (beat.horizon_days) {
    json.real("horizon_days", *beat.horizon_days);
  } else {
    json.null("horizon_days");
  }
  json.integer_or_null("disk_used_pct",
                       beat.disk_used_pct ? std::optional<std::int64_t>(*beat.disk_used_pct) : std::nullopt);
  json.integer("store_bytes", beat.store_bytes).integer("dead_letters", beat.dead_letters);
  write_counts(json, "drops", beat.drops);
  write_counts(json, "counters", beat.counters);
  write_sources(json, beat.sources);
  write_chain_heads(json, beat.chain_heads);
  json.integer_if("certificate_expires", beat.certificate_expires);
  return json.end_object().take();
}

std::string encode_new_epoch(const NewEpoch& request) {
  JsonWriter json;
  json.begin_object().text("gateway", request.gateway).text("instance", request.instance);
  json.text("reason", request.reason).text_or_null("last_epoch", request.last_epoch);
  return json.text_or_null("provisional", request.provisional).end_object().take();
}

}  // namespace edge::wire
