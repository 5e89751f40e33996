#include <algorithm>

#include "agent/config_keys.h"
#include "agent/config_takers.h"
#include "agent/core/line_settings.h"

namespace edge::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <auto Member, class S>
std::string line(S& section, const toml::node& node) {
  auto wrong = string_in(node, section.*Member);
  if (!wrong.empty() || (section.*Member).empty()) return wrong;
  const auto parsed = read_line_settings(section.*Member);
  return parsed ? "" : parsed.error().detail;
}

std::string bus_line(ModbusSection& section, const toml::node& node) {
  auto wrong = line<&ModbusSection::line>(section, node);
  if (!wrong.empty()) return wrong;
  const auto parsed = read_line_settings(section.line);
  return parsed && parsed->data_bits == 8 ? "" : "must have 8 data bits such as \"9600 8N1\": Modbus RTU has no others";
}

/// host:port of a device; nothing is assumed where the port is missing.
template <auto Member, class S>
std::string host_port(S& section, const toml::node& node) {
  auto wrong = string_in(node, section.*Member);
  if (!wrong.empty() || (section.*Member).empty()) return wrong;
  const auto parsed = parse_host_port(section.*Member);
  return parsed && parsed->port > 0 ? "" : "must be an address and a port such as \"192.0.2.9:502\"";
}

std::string bus_timeout(ModbusSection& section, const toml::node& node) {
  return duration_in(node, milliseconds(20), seconds(10), "20ms and 10s", section.timeout);
}

std::string slave_every(SlaveSection& section, const toml::node& node) {
  return duration_in(node, milliseconds(100), hours(24), "100ms and 24h", section.every);
}

std::string scale_stale_after(ScaleSection& section, const toml::node& node) {
  return duration_in(node, milliseconds(500), seconds(10), "500ms and 10s", section.stale_after);
}

std::string scale_every(ScaleSection& section, const toml::node& node) {
  return duration_in(node, milliseconds(100), seconds(1), "100ms and 1s", section.every);
}

std::string scale_code(ScaleSection& section, const toml::node& node) {
  auto wrong = string_in(node, section.code);
  const bool good = !section.code.empty() && section.code.size() <= 8 &&
                    std::all_of(section.code.begin(), section.code.end(),
                                [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
  return !wrong.empty() || good ? wrong : "must be 1 to 8 characters of A-Z 0-9: it stands in ticket numbers";
}

std::string scale_unit(ScaleSection& section, const toml::node& node) {
  auto wrong = string_in(node, section.unit);
  if (!wrong.empty() || section.unit.empty() || mass_unit(section.unit)) return wrong;
  return "must be one of \"kg\" \"g\" \"t\" \"lb\"";
}

/// A weight as text: a TOML number would go through binary float.
std::string weight_in(const toml::node& node, std::optional<Weight>& out) {
  const auto written = node.value_exact<std::string>();
  if (written && written->empty()) return "";
  if (written) out = weight_from(*written);
  return out && out->digits >= 0 ? "" : "must be a number in double quotes such as \"20\" or \"0.5\"";
}

std::string scale_e(ScaleSection& section, const toml::node& node) {
  std::optional<Weight> weight;
  auto wrong = weight_in(node, weight);
  if (wrong.empty() && (!weight || weight->digits == 0)) return "must be above 0: the display step of the scale";
  if (weight) section.e = *weight;
  return wrong;
}

template <auto Member>
std::string scale_limit(ScaleSection& section, const toml::node& node) {
  return weight_in(node, section.*Member);
}

constexpr Key<ModbusSection> kModbus[] = {
    {"name", "id", kRequired, wire_id<&ModbusSection::name>}, {"port", "path", "\"\"", path<&ModbusSection::port>},
    {"tcp", "text", "\"\"", host_port<&ModbusSection::tcp>},  {"line", "line", "\"9600 8N1\"", bus_line},
    {"timeout", "duration", "\"300ms\"", bus_timeout},
};

constexpr Key<SlaveSection> kSlave[] = {
    {"unit", "integer", kRequired, whole<&SlaveSection::unit, 1, 247>},
    {"device", "id", kRequired, wire_id<&SlaveSection::device>},
    {"site", "id", "gateway.site", wire_id<&SlaveSection::site>},
    {"map", "text", kRequired, text<&SlaveSection::map>},
    {"every", "duration", "\"10s\"", slave_every},
};

constexpr Key<ScaleSection> kScale[] = {
    {"device", "id", kRequired, wire_id<&ScaleSection::device>},
    {"code", "text", kRequired, scale_code},
    {"site", "id", "gateway.site", wire_id<&ScaleSection::site>},
    {"profile", "text", "\"\"", text<&ScaleSection::profile>},
    {"port", "path", "\"\"", path<&ScaleSection::port>},
    {"tcp", "text", "\"\"", host_port<&ScaleSection::tcp>},
    {"line", "line", "the profile's", line<&ScaleSection::line>},
    {"modbus", "id", "\"\"", wire_id<&ScaleSection::modbus>},
    {"slave", "integer", "1", whole<&ScaleSection::slave, 1, 247>},
    {"map", "text", "\"\"", text<&ScaleSection::map>},
    {"every", "duration", "\"250ms\"", scale_every},
    {"stale_after", "duration", "\"1500ms\"", scale_stale_after},
    {"unit", "text", "\"\"", scale_unit},
    {"e", "weight", kRequired, scale_e},
    {"max", "weight", "\"\"", scale_limit<&ScaleSection::max>},
    {"min", "weight", "\"\"", scale_limit<&ScaleSection::min>},
};

}  // namespace

template <>
std::span<const Key<ModbusSection>> keys_of() {
  return kModbus;
}
template <>
std::span<const Key<SlaveSection>> keys_of() {
  return kSlave;
}
template <>
std::span<const Key<ScaleSection>> keys_of() {
  return kScale;
}

}  // namespace edge::config
