#include "agent/config_keys.h"

#include <algorithm>
#include <array>

#include "agent/config_takers.h"
#include "agent/config_values.h"
#include "protocols/bytes.h"

namespace edge::config {
namespace {

/// A JSON pointer (RFC 6901) into a payload; `part` names the member of JsonShape.
template <auto Part>
std::string pointer(TopicText& topic, const toml::node& node) {
  auto wrong = string_in(node, topic.shape.*Part);
  if (wrong.empty() && !(topic.shape.*Part).empty() && !(topic.shape.*Part).starts_with('/')) {
    wrong = "must be a JSON pointer such as \"/temp\"";
  }
  return wrong;
}

std::string topic_unit(TopicText& topic, const toml::node& node) { return string_in(node, topic.shape.unit); }

std::string topic_metric(TopicText& topic, const toml::node& node) {
  auto wrong = string_in(node, topic.shape.metric);
  if (!wrong.empty() || topic.shape.metric.empty() || is_wire_type(topic.shape.metric)) return wrong;
  return "must be 1 to 64 characters of a-z 0-9 _ .";
}

std::string topic_decoder(TopicText& topic, const toml::node& node) {
  static constexpr std::array<std::string_view, 1> kDecoders{"json"};
  auto wrong = string_in(node, topic.decoder);
  return wrong.empty() ? one_of(topic.decoder, kDecoders) : wrong;
}

std::string convert_metric(ConvertSection& section, const toml::node& node) {
  auto wrong = string_in(node, section.metric);
  if (!wrong.empty() || section.metric.empty() || is_wire_type(section.metric)) return wrong;
  return "must be 1 to 64 characters of a-z 0-9 _ .";
}

std::string durability(StoreSection& section, const toml::node& node) {
  static constexpr std::array<std::string_view, 2> kLevels{"default", "power-cut"};
  std::string value;
  auto wrong = string_in(node, value);
  if (wrong.empty()) wrong = one_of(value, kLevels);
  section.durability = value == "power-cut" ? Durability::kPowerCut : Durability::kDefault;
  return wrong;
}

std::string listen(WebSection& section, const toml::node& node) {
  const auto written = node.value_exact<std::string>();
  const auto value = written ? parse_host_port(*written) : std::nullopt;
  if (!value) return "must be an address and a port such as \"127.0.0.1:8380\"";
  if (!is_loopback(value->host)) {
    return "must be a loopback address: a listener for the LAN is not available in this version";
  }
  section.host = value->host;
  section.port = value->port;
  return "";
}

std::string log_level(LogSection& section, const toml::node& node) {
  static constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
  auto wrong = string_in(node, section.level);
  return wrong.empty() ? one_of(section.level, kLevels) : wrong;
}

std::string log_format(LogSection& section, const toml::node& node) {
  static constexpr std::array<std::string_view, 2> kFormats{"text", "json"};
  auto wrong = string_in(node, section.format);
  return wrong.empty() ? one_of(section.format, kFormats) : wrong;
}

std::string live_share(FrappeSection& section, const toml::node& node) {
  const auto value = node.value<double>();  // 0 and 1 may be written as whole numbers
  if (!value || node.is_boolean() || !(*value >= 0 && *value <= 1)) return "must be a number from 0 to 1, such as 0.7";
  section.live_share = *value;
  return "";
}

std::string max_rate(FrappeSection& section, const toml::node& node) {
  constexpr std::int64_t kLeast = 1LL << 10, kMost = 1LL << 30;
  const auto written = node.value_exact<std::string>();
  if (written && written->empty()) return "";
  const auto value = written ? parse_rate(*written) : std::nullopt;
  if (!value) return "must be a rate such as \"64KiB/s\" or \"1MiB/s\"";
  if (*value < kLeast || *value > kMost) return "must be between 1KiB/s and 1GiB/s";
  section.max_rate = *value;
  return "";
}

constexpr Key<GatewayConfigSection> kGateway[] = {
    {"id", "id", kRequired, wire_id<&GatewayConfigSection::id>},
    {"site", "id", "\"\"", wire_id<&GatewayConfigSection::site>},
    {"state_dir", "path", "\"/var/lib/edge-agent\"", path<&GatewayConfigSection::state_dir>},
    {"socket", "path", "\"/run/edge-agent/control.sock\"", path<&GatewayConfigSection::socket>},
    {"devices_dir", "path", "\"/usr/share/edge-agent/devices\"", path<&GatewayConfigSection::devices_dir>},
};

constexpr Key<FrappeSection> kFrappe[] = {
    {"url", "url", kRequired, text<&FrappeSection::url>},
    {"site_header", "text", "\"\"", text<&FrappeSection::site_header>},
    {"key_file", "path", "\"\"", path<&FrappeSection::key_file>},
    {"credential", "text", "\"\"", text<&FrappeSection::credential>},
    {"ca_file", "path", "\"\"", path<&FrappeSection::ca_file>},
    {"client_cert", "path", "\"\"", path<&FrappeSection::client_cert>},
    {"client_key", "path", "\"\"", path<&FrappeSection::client_key>},
    {"proxy", "url", "\"\"", text<&FrappeSection::proxy>},
    {"batch_rows", "integer", "500", whole<&FrappeSection::batch_rows, 1, 500>},
    {"gzip", "boolean", "true", flag<&FrappeSection::gzip>},
    {"timeout", "duration", "\"30s\"", duration<&FrappeSection::timeout, 1, 600>},
    {"live_share", "number", "0.7", live_share},
    {"max_rate", "rate", "\"\"", max_rate},
};

constexpr Key<StoreSection> kStore[] = {
    {"durability", "text", "\"default\"", durability},
    {"max_bytes", "size", "\"\"", size<&StoreSection::max_bytes, 128>},
    {"min_free", "size", "\"512MiB\"", size<&StoreSection::min_free, 0>},
    {"retain_sent", "duration", "\"7d\"", duration<&StoreSection::retain_sent, 0, 86'400 * 3'650LL>},
};

constexpr Key<MqttSection> kMqtt[] = {
    {"url", "url", "\"\"", text<&MqttSection::url>},
    {"client_id", "id", "\"edge-\" + gateway.id", wire_id<&MqttSection::client_id>},
    {"username", "text", "\"\"", text<&MqttSection::username>},
    {"password_file", "path", "\"\"", path<&MqttSection::password_file>},
    {"ca_file", "path", "\"\"", path<&MqttSection::ca_file>},
    {"client_cert", "path", "\"\"", path<&MqttSection::client_cert>},
    {"client_key", "path", "\"\"", path<&MqttSection::client_key>},
    {"keepalive", "duration", "\"60s\"", duration<&MqttSection::keepalive, 10, 3'600>},
};

constexpr Key<TopicText> kTopic[] = {
    {"pattern", "text", kRequired, text<&TopicText::pattern>},
    {"decoder", "text", "\"json\"", topic_decoder},
    {"value", "pointer", "\"\"", pointer<&JsonShape::value>},
    {"unit", "text", "\"\"", topic_unit},
    {"metric", "text", "\"\"", topic_metric},
    {"time", "pointer", "\"\"", pointer<&JsonShape::time>},
    {"id", "pointer", "\"\"", pointer<&JsonShape::id>},
};

constexpr Key<ConvertSection> kConvert[] = {
    {"metric", "text", "\"\"", convert_metric},
    {"device", "id", "\"\"", wire_id<&ConvertSection::device>},
    {"from", "text", kRequired, text<&ConvertSection::from>},
    {"to", "text", kRequired, text<&ConvertSection::to>},
};

constexpr Key<WebSection> kWeb[] = {{"listen", "address", "\"127.0.0.1:8380\"", listen}};

constexpr Key<LogSection> kLog[] = {
    {"level", "text", "\"info\"", log_level},
    {"format", "text", "\"text\"", log_format},
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

template <>
std::span<const Key<GatewayConfigSection>> keys_of() {
  return kGateway;
}
template <>
std::span<const Key<FrappeSection>> keys_of() {
  return kFrappe;
}
template <>
std::span<const Key<StoreSection>> keys_of() {
  return kStore;
}
template <>
std::span<const Key<MqttSection>> keys_of() {
  return kMqtt;
}
template <>
std::span<const Key<TopicText>> keys_of() {
  return kTopic;
}
template <>
std::span<const Key<ConvertSection>> keys_of() {
  return kConvert;
}
template <>
std::span<const Key<WebSection>> keys_of() {
  return kWeb;
}
template <>
std::span<const Key<LogSection>> keys_of() {
  return kLog;
}

bool is_later(std::string_view path) {
  static constexpr std::array<std::string_view, 2> kLater{"web.lan", "mqtt.topic.zone"};
  return std::find(kLater.begin(), kLater.end(), path) != kLater.end();
}

std::string_view nearest(std::string_view written, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t least = 3;
  for (const auto candidate : candidates) {
    const auto distance = edit_distance(written, candidate);
    if (distance < least && distance < candidate.size()) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace edge::config
