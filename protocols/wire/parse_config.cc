#include "protocols/bytes.h"
#include "protocols/record/decimal.h"
#include "protocols/wire/gateway.h"
#include "protocols/wire/json_reader.h"

namespace edge::wire {
namespace {

using Json = nlohmann::json;
using Wrong = std::optional<std::string>;  // what is wrong, in words

/// A limit as decimal text; null or missing is no limit.
Wrong read_limit(const Json* value, std::optional<std::string>& out) {
  if (value == nullptr || value->is_null()) return std::nullopt;
  const auto* const text = value->get_ptr<const std::string*>();
  if (text == nullptr || !is_decimal(*text)) return "is not a decimal text";
  out = *text;
  return std::nullopt;
}

Wrong read_limit(const Json& policy, const char* key, std::optional<std::string>& out) {
  auto wrong = read_limit(find(policy, key), out);
  return wrong ? std::string(key) + ' ' + *wrong : wrong;
}

Wrong read_band(const Json& policy, const char* key, Band& out) {
  const Json* const band = find(policy, key);
  if (band == nullptr) return std::nullopt;
  if (!band->is_array() || band->size() != 2) return std::string(key) + " is not [min,max]";
  for (auto [at, limit] : {std::pair{0U, &out.min}, std::pair{1U, &out.max}}) {
    if (auto wrong = read_limit(&(*band)[at], *limit)) return std::string(key) + ' ' + *wrong;
  }
  if (out.min && out.max && compare_decimals(*out.min, *out.max) > 0) return std::string(key) + " has min above max";
  return std::nullopt;
}

Wrong read_count(const Json& policy, const char* key, std::optional<long long>& out) {
  const FieldInt field = field_int(policy, key);
  if (field.kind == FieldInt::Kind::kMissing) return std::nullopt;
  if (field.kind == FieldInt::Kind::kOther || field.value < 0) return std::string(key) + " is not a count";
  out = field.value;
  return std::nullopt;
}

Wrong read_name(const Json& policy, const char* key, std::string& out) {
  const FieldText field = field_text(policy, key);
  if (field.kind == FieldText::Kind::kOther) return std::string(key) + " is not text";
  out = field.text;
  return std::nullopt;
}

Wrong read_policy(const Json& json, Policy& out) {
  if (!json.is_object()) return "is no object";
  for (auto [key, field] : {std::pair{"name", &out.name}, std::pair{"version", &out.version},
                            std::pair{"site", &out.site}, std::pair{"type", &out.type}, std::pair{"unit", &out.unit}}) {
    if (auto wrong = read_name(json, key, *field)) return wrong;
  }
  if (!is_wire_id(out.site)) return "site is not an id";
  if (out.type != "*" && !is_wire_type(out.type)) return "type is not a type";
  if (out.version.empty()) return "version is missing";
  for (auto [key, band] :
       {std::pair{"warning", &out.warning}, std::pair{"critical", &out.critical}, std::pair{"valid", &out.valid}}) {
    if (auto wrong = read_band(json, key, *band)) return wrong;
  }
  for (auto [key, limit] :
       {std::pair{"rate_per_hour_max", &out.rate_per_hour_max}, std::pair{"spike_max", &out.spike_max},
        std::pair{"flatline_hours", &out.flatline_hours}, std::pair{"flatline_eps", &out.flatline_eps},
        std::pair{"clear_hysteresis", &out.clear_hysteresis}}) {
    if (auto wrong = read_limit(json, key, *limit)) return wrong;
  }
  if (auto wrong = read_count(json, "stale_after_min", out.stale_after_min)) return wrong;
  return read_count(json, "on_delay_s", out.on_delay_s);
}

Wrong read_policies(const Json& message, GatewayConfig& config) {
  const Json* const list = find(message, "policies");
  // Without the key nothing is known of the policies: that must not read as "there are none".
  if (list == nullptr || !list->is_array()) return "no list of policies";
  for (const Json& one : *list) {
    Policy policy;
    if (const auto wrong = read_policy(one, policy)) return "policy \"" + for_log(policy.name) + "\": " + *wrong;
    config.policies.push_back(std::move(policy));
  }
  return std::nullopt;
}

Wrong read_tolerance(const Json& json, TolerancePolicy& out) {
  if (!json.is_object()) return "is no object";
  for (auto [key, field] :
       {std::pair{"name", &out.name}, std::pair{"version", &out.version}, std::pair{"site", &out.site}}) {
    if (auto wrong = read_name(json, key, *field)) return wrong;
  }
  if (!is_wire_id(out.site)) return "site is not an id";
  if (out.version.empty()) return "version is missing";
  std::optional<std::string> pct;
  for (auto [key, limit] : {std::pair{"tolerance_pct", &pct}, std::pair{"tolerance_kg", &out.tolerance_kg},
                            std::pair{"tare_drift_pct", &out.tare_drift_pct}}) {
    if (auto wrong = read_limit(json, key, *limit)) return wrong;
    if (*limit && compare_decimals(**limit, "0") < 0) return std::string(key) + " is below 0";
  }
  if (pct) out.tolerance_pct = *pct;
  for (auto [key, field] : {std::pair{"from", &out.from}, std::pair{"to", &out.to},
                            std::pair{"stored_tare_max_days", &out.stored_tare_max_days}}) {
    std::optional<long long> count;
    if (auto wrong = read_count(json, key, count)) return wrong;
    *field = count;
  }
  return std::nullopt;
}

Wrong read_tolerances(const Json& message, GatewayConfig& config) {
  const Json* const list = find(message, "tolerances");
  if (list == nullptr) return std::nullopt;
  if (!list->is_array()) return "tolerances is not a list";
  for (const Json& one : *list) {
    TolerancePolicy policy;
    if (const auto wrong = read_tolerance(one, policy)) return "tolerance \"" + for_log(policy.name) + "\": " + *wrong;
    config.tolerances.push_back(std::move(policy));
  }
  return std::nullopt;
}

bool is_usable(const ConfigOrder& order) {
  const bool known_direction = order.direction.empty() || order.direction == "Receive" || order.direction == "Dispatch";
  return known_direction && (order.declared_net_kg.empty() || is_decimal(order.declared_net_kg));
}

Wrong read_orders(const Json& message, GatewayConfig& config) {
  const Json* const list = find(message, "orders");
  if (list == nullptr) return std::nullopt;
  if (!list->is_array()) return "orders is not a list";
  for (const Json& one : *list) {
    ConfigOrder order{
        text_or_empty(one, "order"),          text_or_empty(one, "site"),   text_or_empty(one, "lot"),
        text_or_empty(one, "vehicle"),        text_or_empty(one, "driver"), text_or_empty(one, "direction"),
        text_or_empty(one, "declared_net_kg")};
    if (!one.is_object() || order.order.empty() || !is_wire_id(order.site)) return "an order has no name or no site";
    // A slip in one order: at the scale it fills nothing in; nothing else must wait for it.
    if (is_usable(order)) config.orders.push_back(std::move(order));
  }
  return std::nullopt;
}

Wrong read_devices(const Json& message, GatewayConfig& config) {
  const Json* const list = find(message, "devices");
  if (list == nullptr) return std::nullopt;
  if (!list->is_array()) return "devices is not a list";
  config.devices.emplace();
  for (const Json& one : *list) {
    ConfigDevice device{text_or_empty(one, "site"), text_or_empty(one, "device"), text_or_empty(one, "device_type"),
                        text_or_empty(one, "status"), int_or_none(one, "expected_interval_s")};
    if (!one.is_object() || device.site.empty() || device.device.empty()) return "a device has no site or no id";
    // An id that cannot stand in a topic is a slip in Desk; the other devices must not wait for it.
    if (is_wire_id(device.site) && is_wire_id(device.device)) config.devices->push_back(std::move(device));
  }
  return std::nullopt;
}

Wrong read_sites(const Json& message, GatewayConfig& config) {
  const Json* const list = find(message, "sites");
  if (list == nullptr) return std::nullopt;
  if (!list->is_array()) return "sites is not a list";
  for (const Json& one : *list) {
    std::string site = text_or_empty(one, "site");
    if (!is_wire_id(site)) return "a site has no code";
    config.sites.emplace_back(std::move(site), text_or_empty(one, "name"));
  }
  return std::nullopt;
}

}  // namespace

Result<GatewayConfig> parse_config(std::string_view body) {
  const auto wrong = [](const std::string& what) {
    return fail(Errc::kMalformed, "answer of gateway.config: " + what);
  };
  const auto root = parse_object(body);
  if (!root) return wrong("not a JSON object: " + for_log(body));
  const Json* const message = find_object(*root, "message");
  if (message == nullptr) return wrong("no message object");
  GatewayConfig config;
  config.version = text_or_empty(*message, "version");
  config.server_time = int_or_none(*message, "server_time");
  if (config.version.empty()) return wrong("no version");
  const Json* const unchanged = find(*message, "unchanged");
  config.unchanged = unchanged != nullptr && unchanged->is_boolean() && unchanged->get<bool>();
  if (config.unchanged) return config;
  config.gateway = text_or_empty(*message, "gateway");
  config.epoch = text_or_empty(*message, "epoch");
  config.time_zone = text_or_empty(*message, "time_zone");
  if (const auto bad = read_sites(*message, config)) return wrong(*bad);
  if (const auto bad = read_devices(*message, config)) return wrong(*bad);
  if (const auto bad = read_policies(*message, config)) return wrong(*bad);
  if (const auto bad = read_tolerances(*message, config)) return wrong(*bad);
  if (const auto bad = read_orders(*message, config)) return wrong(*bad);
  return config;
}

}  // namespace edge::wire
