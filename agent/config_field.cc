#include <map>
#include <set>
#include <utility>

#include "agent/config_reader.h"
#include "agent/core/line_settings.h"
#include "agent/device_map.h"
#include "protocols/scale/decoder.h"

namespace edge::config {
namespace {

/// Reads [[modbus]] and [[scale]]; remembers what may be used only once.
class Field {
 public:
  Field(Config& config, Findings& findings) : config_(config), findings_(findings) {}

  void read_bus(const toml::table& table);
  void read_scale(const toml::table& table);

 private:
  void read_slave(const toml::table& table, ModbusSection& bus);
  void check_line_scale(const toml::table& table, ScaleSection& scale);
  void check_bus_scale(const toml::table& table, ScaleSection& scale);
  void check_weights(const toml::table& table, const ScaleSection& scale);
  void use_wire(const toml::table& table, std::string_view section, const std::string& port, const std::string& tcp);
  void use_device(const toml::table& table, std::string_view section, std::string& site, const std::string& device);
  /// Reads map `written` of a sensor or a scale into `out`.
  void use_map(const toml::table& table, std::string_view section, const std::string& written, bool scale,
               modbus::RegisterMap& out);
  void wrong(const toml::table& table, std::string_view section, std::string_view key, const std::string& what) {
    findings_.add(place_of(table, key), name_of(section, key) + " " + what);
  }

  Config& config_;
  Findings& findings_;
  std::set<std::string> buses_, wires_, codes_, scales_;
  std::set<std::pair<std::string, std::string>> devices_;  ///< site, device
  std::set<std::pair<std::string, int>> units_;            ///< bus, slave address
};

void Field::use_wire(const toml::table& table, std::string_view section, const std::string& port,
                     const std::string& tcp) {
  if (port.empty() == tcp.empty()) {
    wrong(table, section, "port",
          port.empty() ? "is missing (or tcp, where a serial server or gateway has the line)"
                       : "and tcp exclude each other");
    return;
  }
  if (!tcp.empty() && table.contains("line"))
    wrong(table, section, "line", "is for a port: a serial server has its own");
  if (!wires_.insert(port + tcp).second) {
    wrong(table, section, port.empty() ? "tcp" : "port", "is in use by an earlier section: a line has one reader");
  }
}

void Field::use_device(const toml::table& table, std::string_view section, std::string& site,
                       const std::string& device) {
  if (site.empty()) site = config_.gateway.site;
  if (site.empty()) wrong(table, section, "site", "is missing (or [gateway] site)");
  if (!device.empty() && !devices_.emplace(site, device).second) {
    wrong(table, section, "device", "is that of an earlier section");
  }
}

void Field::use_map(const toml::table& table, std::string_view section, const std::string& written, bool scale,
                    modbus::RegisterMap& out) {
  if (written.empty()) return;
  const bool is_path = written.find('/') != std::string::npos;
  const auto file = is_path ? std::filesystem::path(written) : config_.gateway.devices_dir / (written + ".toml");
  auto map = load_device_map(file);
  if (!map) {
    const bool absent = map.error().code == Errc::kNotFound;
    wrong(table, section, "map", (absent ? "" : "cannot be used:\n") + map.error().detail);
    return;
  }
  if (map->is_scale() != scale) {
    wrong(table, section, "map",
          scale ? "has no [status]: that of a sensor cannot weigh" : "is that of a scale: name it in [[scale]]");
    return;
  }
  out = *std::move(map);
}

void Field::read_bus(const toml::table& table) {
  static constexpr std::array<std::string_view, 1> kNested{"slave"};
  ModbusSection bus;
  read_section(table, "modbus", bus, findings_, kNested);
  if (table.contains("name") && bus.name.empty()) wrong(table, "modbus", "name", "is empty");
  if (!bus.name.empty() && !buses_.insert(bus.name).second) {
    wrong(table, "modbus", "name", "is that of an earlier bus");
  }
  use_wire(table, "modbus", bus.port, bus.tcp);
  for (const auto* slave : tables_of(table, "slave", "[[modbus.slave]]", findings_)) read_slave(*slave, bus);
  config_.buses.push_back(std::move(bus));
}

void Field::read_slave(const toml::table& table, ModbusSection& bus) {
  static constexpr std::string_view kSection = "modbus.slave";
  SlaveSection slave;
  read_section(table, kSection, slave, findings_);
  if (!units_.emplace(bus.name, slave.unit).second) {
    wrong(table, kSection, "unit", "is that of an earlier slave of this bus");
  }
  for (const auto& [key, value] : {std::pair{"device", &slave.device}, std::pair{"map", &slave.map}}) {
    if (table.contains(key) && value->empty()) wrong(table, kSection, key, "is empty");
  }
  use_device(table, kSection, slave.site, slave.device);
  use_map(table, kSection, slave.map, false, slave.registers);
  bus.slaves.push_back(std::move(slave));
}

void Field::read_scale(const toml::table& table) {
  static constexpr std::string_view kSection = "scale";
  ScaleSection scale;
  read_section(table, kSection, scale, findings_);
  if (table.contains("device") && scale.device.empty()) wrong(table, kSection, "device", "is empty");
  use_device(table, kSection, scale.site, scale.device);
  // The alibi chain and its uids know a scale by its name alone, whatever the site.
  if (!scale.device.empty() && !scales_.insert(scale.device).second) {
    wrong(table, kSection, "device", "is that of an earlier scale of this gateway");
  }
  if (!scale.code.empty() && !codes_.insert(scale.code).second) {
    wrong(table, kSection, "code", "is that of an earlier scale: ticket numbers would collide");
  }
  scale.modbus.empty() ? check_line_scale(table, scale) : check_bus_scale(table, scale);
  check_weights(table, scale);
  config_.scales.push_back(std::move(scale));
}

/// An indicator on a line of its own.
void Field::check_line_scale(const toml::table& table, ScaleSection& scale) {
  for (const std::string_view key : {"slave", "map", "every"}) {
    if (table.contains(key)) wrong(table, "scale", key, "needs modbus: the name of a [[modbus]] bus");
  }
  if (scale.profile.empty()) {
    wrong(table, "scale", "profile", "is missing (or modbus, slave and map)");
  } else if (const auto* profile = scale::find_profile(scale.profile)) {
    if (scale.line.empty() && !scale.port.empty()) scale.line = profile->line;
  } else {
    std::string known;
    for (const auto& each : scale::profiles()) known += " \"" + std::string(each.name) + "\"";
    wrong(table, "scale", "profile", "must be one of" + known);
  }
  use_wire(table, "scale", scale.port, scale.tcp);
}

/// A slave of a bus.
void Field::check_bus_scale(const toml::table& table, ScaleSection& scale) {
  for (const std::string_view key : {"profile", "port", "tcp", "line", "stale_after"}) {
    if (table.contains(key)) wrong(table, "scale", key, "and modbus exclude each other");
  }
  if (!buses_.contains(scale.modbus)) wrong(table, "scale", "modbus", "is no [[modbus]] name");
  if (scale.map.empty()) wrong(table, "scale", "map", "is missing: how the slave is read");
  if (!units_.emplace(scale.modbus, scale.slave).second) {
    wrong(table, "scale", "slave", "is the unit of an earlier slave of this bus");
  }
  use_map(table, "scale", scale.map, true, scale.registers);
  if (scale.registers.values.empty()) return;
  const std::string& carried = scale.registers.values.front().unit;
  if (carried.empty() && scale.unit.empty()) {
    wrong(table, "scale", "unit", "is missing: the map names none, it is set at the indicator");
  } else if (!carried.empty() && !scale.unit.empty() && mass_unit(carried) != mass_unit(scale.unit)) {
    wrong(table, "scale", "unit", "is not the map's, \"" + carried + "\"");
  }
}

void Field::check_weights(const toml::table& table, const ScaleSection& scale) {
  if (scale.max && compare(*scale.max, scale.min.value_or(Weight{})) <= 0) {
    wrong(table, "scale", "max", "must be above 0 and above min");
  }
}

}  // namespace

void read_field(const toml::table& root, Config& config, Findings& findings) {
  Field field(config, findings);
  // A scale may name any bus, wherever it stands in the file.
  for (const auto* table : tables_of(root, "modbus", "[[modbus]]", findings)) field.read_bus(*table);
  for (const auto* table : tables_of(root, "scale", "[[scale]]", findings)) field.read_scale(*table);
}

}  // namespace edge::config
