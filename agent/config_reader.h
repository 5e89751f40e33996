#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config_keys.h"
#include "protocols/bytes.h"

namespace edge::config {

/// Everything wrong with one file; shown together, in the order of the file.
class Findings {
 public:
  explicit Findings(std::string_view file) : file_(file) {}
  void add(const toml::source_position& at, std::string text);
  bool empty() const { return all_.empty(); }
  /// "file:line:column: text", a line each.
  std::string text() const;

 private:
  struct Finding {
    toml::source_position at;
    std::string text;
  };
  std::string file_;
  std::vector<Finding> all_;
};

/// Where `key` of `table` stands, else where the table begins.
toml::source_position place_of(const toml::table& table, std::string_view key);

/// "[frappe] timeout", "[[modbus.slave]] unit"; the key alone where it stands in no section.
std::string name_of(std::string_view section, std::string_view key);

/// Finding for a key that no version or only a later one knows; `shown` is what it is called there.
void refuse_unknown(const toml::key& key, std::string_view section, std::string_view shown,
                    std::span<const std::string_view> known, Findings& findings);

/// The table of a section; null where there is none (a finding where it is something else).
const toml::table* table_of(const toml::table& root, std::string_view name, Findings& findings);

/// The tables of an array of tables, in order (a finding where it is something else); `shown`: "[[mqtt.topic]]".
std::vector<const toml::table*> tables_of(const toml::table& parent, std::string_view name, std::string_view shown,
                                          Findings& findings);

/// Puts the keys of `table` into `out`: values are checked, unknown keys refused, required ones asked for.
/// `nested`: names of sub-tables that somebody else reads.
template <class Section>
void read_section(const toml::table& table, std::string_view section, Section& out, Findings& findings,
                  std::span<const std::string_view> nested = {}) {
  const auto keys = keys_of<Section>();
  std::vector<std::string_view> known(nested.begin(), nested.end());
  for (const auto& key : keys) known.push_back(key.name);
  for (const auto& [written, node] : table) {
    const std::string_view name = written.str();
    if (std::find(nested.begin(), nested.end(), name) != nested.end()) continue;
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.name == name; });
    if (key == keys.end()) {
      refuse_unknown(written, section, name_of(section, for_log(name)), known, findings);
      continue;
    }
    const auto wrong = key->take(out, node);
    if (!wrong.empty()) findings.add(node.source().begin, name_of(section, name) + " " + wrong);
  }
  for (const auto& key : keys) {
    if (key.fallback == kRequired && !table.contains(key.name)) {
      findings.add(table.source().begin, name_of(section, key.name) + " is missing");
    }
  }
}

/// The rules between keys, after all of them were read (config_checks.cc).
void check_gateway(const toml::table& root, const Config& config, Findings& findings);
void check_frappe(const toml::table& root, Config& config, Findings& findings);
void check_mqtt(const toml::table& root, Config& config, Findings& findings);

/// [[modbus]] and [[scale]] with the register maps they name (config_field.cc); after [gateway].
void read_field(const toml::table& root, Config& config, Findings& findings);

}  // namespace edge::config
