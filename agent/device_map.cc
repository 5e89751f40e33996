#include "agent/device_map.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "agent/config_reader.h"
#include "agent/config_takers.h"
#include "protocols/record/weight.h"

namespace edge::config {
namespace {

using modbus::MapStatus;
using modbus::MapValue;
using modbus::RegisterMap;
using modbus::StatusBits;

/// Read only: the one place that could let another function in.
std::string function(RegisterMap& map, const toml::node& node) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || (*value != 3 && *value != 4)) {
    return "must be 3 (holding registers) or 4 (input registers): devices are only read";
  }
  map.function = static_cast<int>(*value);
  return "";
}

std::string order(RegisterMap& map, const toml::node& node) {
  const auto written = node.value_exact<std::string>();
  const auto value = written ? modbus::byte_order_from(*written) : std::nullopt;
  if (!value) return "must be one of \"ABCD\" \"CDAB\" \"BADC\" \"DCBA\"";
  map.order = *value;
  return "";
}

template <class S>
std::string type(S& section, const toml::node& node) {
  const auto written = node.value_exact<std::string>();
  const auto value = written ? modbus::word_type_from(*written) : std::nullopt;
  if (!value) return "must be one of \"i16\" \"u16\" \"i32\" \"u32\" \"f32\"";
  section.type = *value;
  return "";
}

std::string status_type(MapStatus& status, const toml::node& node) {
  auto wrong = type(status, node);
  const bool unsigned_one = status.type == modbus::WordType::kU16 || status.type == modbus::WordType::kU32;
  return wrong.empty() && !unsigned_one ? "must be \"u16\" or \"u32\"" : wrong;
}

std::string metric(MapValue& value, const toml::node& node) {
  auto wrong = string_in(node, value.metric);
  if (!wrong.empty() || is_wire_type(value.metric)) return wrong;
  return "must be 1 to 64 characters of a-z 0-9 _ .";
}

std::string scale(MapValue& value, const toml::node& node) {
  auto wrong = string_in(node, value.scale);
  if (!wrong.empty()) return wrong;
  const auto factor = weight_from(value.scale);
  if (factor && factor->digits != 0 && magnitude(*factor).digits <= modbus::kScaleDigitsLimit) return "";
  return "must be a number in double quotes such as \"0.1\", of at most nine digits";
}

std::string sentinels(MapValue& value, const toml::node& node) {
  static constexpr const char* kForm = "must be a list of bit patterns such as [\"0x7FFF\"]";
  const auto* array = node.as_array();
  if (array == nullptr) return kForm;
  for (const auto& each : *array) {
    const auto text = each.value_exact<std::string>();
    std::uint32_t bits = 0;
    if (!text || text->size() < 3 || !text->starts_with("0x")) return kForm;
    const auto read = std::from_chars(text->data() + 2, text->data() + text->size(), bits, 16);
    if (read.ec != std::errc{} || read.ptr != text->data() + text->size()) return kForm;
    value.sentinels.push_back(bits);
  }
  return "";
}

template <auto Member>
std::string bit(StatusBits& bits, const toml::node& node) {
  return whole<Member, 0, 31>(bits, node);
}

/// One bit or a list of them.
std::string error_bits(StatusBits& bits, const toml::node& node) {
  const auto take = [&](const toml::node& each) {
    const auto value = each.value_exact<std::int64_t>();
    if (!value || *value < 0 || *value > 31) return false;
    bits.error.push_back(static_cast<int>(*value));
    return true;
  };
  const auto* array = node.as_array();
  const bool good = array == nullptr ? take(node) : std::all_of(array->begin(), array->end(), take);
  return good ? "" : "must be a bit from 0 to 31, or a list of such";
}

constexpr Key<RegisterMap> kMap[] = {
    {"name", "id", kRequired, wire_id<&RegisterMap::name>},
    {"source", "text", kRequired, text<&RegisterMap::source>},
    {"verified", "boolean", "false", flag<&RegisterMap::verified>},
    {"function", "integer", "3", function},
    {"order", "text", "\"ABCD\"", order},
    {"max_registers", "integer", "32", whole<&RegisterMap::max_registers, 2, 125>},
};
constexpr Key<MapValue> kValue[] = {
    {"metric", "text", kRequired, metric},
    {"register", "integer", kRequired, whole<&MapValue::reg, 0, 65'535>},
    {"type", "text", kRequired, type<MapValue>},
    {"scale", "text", "\"1\"", scale},
    {"unit", "text", "\"\"", text<&MapValue::unit>},
    {"sentinels", "list", "[]", sentinels},
};
constexpr Key<MapStatus> kStatus[] = {
    {"register", "integer", kRequired, whole<&MapStatus::reg, 0, 65'535>},
    {"type", "text", "\"u16\"", status_type},
};
constexpr Key<StatusBits> kBits[] = {
    {"stable", "integer", "", bit<&StatusBits::stable>},
    {"unstable", "integer", "", bit<&StatusBits::unstable>},
    {"zero", "integer", "", bit<&StatusBits::zero>},
    {"over", "integer", "", bit<&StatusBits::over>},
    {"under", "integer", "", bit<&StatusBits::under>},
    {"net", "integer", "", bit<&StatusBits::net>},
    {"negative_gross", "integer", "", bit<&StatusBits::negative_gross>},
    {"negative_net", "integer", "", bit<&StatusBits::negative_net>},
    {"preset_tare", "integer", "", bit<&StatusBits::preset_tare>},
    {"error", "integer or list", "[]", error_bits},
};

}  // namespace

template <>
std::span<const Key<RegisterMap>> keys_of() {
  return kMap;
}
template <>
std::span<const Key<MapValue>> keys_of() {
  return kValue;
}
template <>
std::span<const Key<MapStatus>> keys_of() {
  return kStatus;
}
template <>
std::span<const Key<StatusBits>> keys_of() {
  return kBits;
}

namespace {

void check_value(const toml::table& table, const MapValue& value, const RegisterMap& map, Findings& findings) {
  const bool wide = modbus::words_of(value.type) == 2;
  if (wide && value.reg == 65'535) {
    findings.add(place_of(table, "register"), "[[value]] register has no second word after it");
  }
  for (const auto sentinel : value.sentinels) {
    if (!wide && sentinel > 0xFFFF)
      findings.add(place_of(table, "sentinels"), "[[value]] sentinels have more than 16 bits");
  }
  for (const auto& earlier : map.values) {
    if (earlier.metric == value.metric) {
      findings.add(place_of(table, "metric"), "[[value]] metric is that of an earlier value");
      return;
    }
  }
}

void check_bits(const toml::table& table, const MapStatus& status, Findings& findings) {
  const auto& bits = status.bits;
  const int width = 16 * modbus::words_of(status.type);
  const auto* place = table.get("bits");
  const auto at = place == nullptr ? table.source().begin : place->source().begin;
  for (const int each : {bits.stable, bits.unstable, bits.zero, bits.over, bits.under, bits.net, bits.negative_gross,
                         bits.negative_net, bits.preset_tare}) {
    if (each >= width) findings.add(at, "[status] bits: " + std::to_string(each) + " is beyond its 16 bits");
  }
  for (const int each : bits.error) {
    if (each >= width) findings.add(at, "[status] bits: " + std::to_string(each) + " is beyond its 16 bits");
  }
}

/// What makes a weight of the values of a scale's map.
void check_scale_value(const toml::table& table, const MapValue& value, const RegisterMap& map, Findings& findings) {
  static constexpr std::array<std::string_view, 3> kMetrics{"gross", "net", "tare"};
  if (std::find(kMetrics.begin(), kMetrics.end(), value.metric) == kMetrics.end()) {
    findings.add(place_of(table, "metric"), "[[value]] metric of a scale must be one of \"gross\" \"net\" \"tare\"");
  }
  if (!value.unit.empty() && !mass_unit(value.unit)) {
    findings.add(place_of(table, "unit"), "[[value]] unit of a scale must be one of \"kg\" \"g\" \"t\" \"lb\"");
  }
  if (value.unit != map.values.front().unit) {
    findings.add(place_of(table, "unit"), "[[value]] unit is not that of the first value");
  }
  if (value.scale.starts_with('-')) findings.add(place_of(table, "scale"), "[[value]] scale of a scale is negative");
  const auto& bits = map.status->bits;
  const bool signed_type = value.type != modbus::WordType::kU16 && value.type != modbus::WordType::kU32;
  const bool sign_bit =
      (value.metric == "gross" && bits.negative_gross >= 0) || (value.metric == "net" && bits.negative_net >= 0);
  if (signed_type && sign_bit) {
    findings.add(place_of(table, "type"), "[[value]] type must be \"u16\" or \"u32\": the sign is in the status");
  }
}

void check_map(const toml::table& root, const std::vector<const toml::table*>& values, const RegisterMap& map,
               Findings& findings) {
  if (!root.contains("value")) findings.add(root.source().begin, "[[value]] is missing");
  if (!map.is_scale() || map.values.empty() || !findings.empty()) return;
  for (std::size_t n = 0; n < values.size(); ++n) check_scale_value(*values[n], map.values[n], map, findings);
  const bool weighs = std::any_of(map.values.begin(), map.values.end(), [](const MapValue& value) {
    return value.metric == "gross" || value.metric == "net";
  });
  if (!weighs) findings.add(root.source().begin, "[[value]] gross or net is missing");
  if (modbus::read_plan(map).size() > 1) {
    findings.add(place_of(root, "status"),
                 "[status] must be read in one request with every [[value]]: at most 8 registers between two of them, "
                 "at most max_registers in all");
  }
}

void read_map(const toml::table& root, std::string_view file_name, RegisterMap& map, Findings& findings) {
  static constexpr std::array<std::string_view, 2> kParts{"value", "status"};
  static constexpr std::array<std::string_view, 1> kBitsKey{"bits"};
  read_section(root, "", map, findings, kParts);
  if (!map.name.empty() && map.name != file_name) {
    findings.add(place_of(root, "name"), "name must be that of the file, \"" + for_log(file_name) + "\"");
  }
  const auto values = tables_of(root, "value", "[[value]]", findings);
  for (const auto* table : values) {
    MapValue value;
    read_section(*table, "value", value, findings);
    check_value(*table, value, map, findings);
    map.values.push_back(std::move(value));
  }
  if (const auto* table = table_of(root, "status", findings)) {
    map.status.emplace();
    read_section(*table, "status", *map.status, findings, kBitsKey);
    if (const auto* bits = table_of(*table, "bits", findings)) {
      read_section(*bits, "status.bits", map.status->bits, findings);
    }
    check_bits(*table, *map.status, findings);
  }
  check_map(root, values, map, findings);
}

}  // namespace
}  // namespace edge::config

namespace edge {

Result<modbus::RegisterMap> parse_device_map(std::string_view text, const std::filesystem::path& file) {
  config::Findings findings(file.string());
  modbus::RegisterMap map;
  try {
    const toml::table root = toml::parse(text, file.string());
    config::read_map(root, file.stem().string(), map, findings);
  } catch (const toml::parse_error& error) {
    findings.add(error.source().begin, for_log(error.description(), 300));
  }
  if (!findings.empty()) return fail(Errc::kMalformed, findings.text());
  return map;
}

Result<modbus::RegisterMap> load_device_map(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Errc::kNotFound, file.string() + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return fail(Errc::kIo, file.string() + ": cannot be read");
  return parse_device_map(text.str(), file);
}

}  // namespace edge
