#include "agent/config.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <utility>

#include "agent/config_reader.h"
#include "protocols/bytes.h"
#include "protocols/record/units.h"

namespace edge {
namespace config {

void Findings::add(const toml::source_position& at, std::string text) {
  const toml::source_position place{std::max(at.line, 1U), std::max(at.column, 1U)};
  // "[section] key" begins each: one finding a key and place, the first says most.
  const auto name = text.substr(0, text.find(' ', text.find(' ') + 1) + 1);
  const bool known = std::any_of(all_.begin(), all_.end(), [&](const Finding& finding) {
    return finding.at == place && finding.text.starts_with(name);
  });
  if (!known) all_.push_back({place, std::move(text)});
}

std::string Findings::text() const {
  auto sorted = all_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Finding& a, const Finding& b) { return a.at < b.at; });
  std::string out;
  for (const auto& finding : sorted) {
    if (!out.empty()) out += '\n';
    out +=
        file_ + ":" + std::to_string(finding.at.line) + ":" + std::to_string(finding.at.column) + ": " + finding.text;
  }
  return out;
}

toml::source_position place_of(const toml::table& table, std::string_view key) {
  const auto found = table.find(key);
  return found == table.end() ? table.source().begin : found->second.source().begin;
}

std::string name_of(std::string_view section, std::string_view key) {
  static constexpr std::array<std::string_view, 6> kRepeated{"mqtt.topic",   "convert", "modbus",
                                                             "modbus.slave", "scale",   "value"};
  if (section.empty()) return std::string(key);
  const bool repeated = std::find(kRepeated.begin(), kRepeated.end(), section) != kRepeated.end();
  return (repeated ? "[[" : "[") + std::string(section) + (repeated ? "]] " : "] ") + std::string(key);
}

void refuse_unknown(const toml::key& key, std::string_view section, std::string_view shown,
                    std::span<const std::string_view> known, Findings& findings) {
  const std::string_view name = key.str();
  const std::string path = section.empty() ? std::string(name) : std::string(section) + "." + std::string(name);
  if (is_later(path)) {
    findings.add(key.source().begin, std::string(shown) + " is not available in this version");
    return;
  }
  std::string text = std::string(shown) + " is unknown";
  if (const auto meant = nearest(name, known); !meant.empty()) text += ": did you mean " + std::string(meant) + "?";
  findings.add(key.source().begin, std::move(text));
}

const toml::table* table_of(const toml::table& root, std::string_view name, Findings& findings) {
  const auto* node = root.get(name);
  if (node == nullptr) return nullptr;
  if (node->is_table()) return node->as_table();
  findings.add(node->source().begin, "[" + std::string(name) + "] must be a section");
  return nullptr;
}

std::vector<const toml::table*> tables_of(const toml::table& parent, std::string_view name, std::string_view shown,
                                          Findings& findings) {
  std::vector<const toml::table*> out;
  const auto* node = parent.get(name);
  if (node == nullptr) return out;
  const auto* array = node->as_array();
  if (array == nullptr || !array->is_array_of_tables()) {
    findings.add(node->source().begin, "write " + std::string(shown) + " with two brackets on each side");
    return out;
  }
  for (const auto& item : *array) out.push_back(item.as_table());
  return out;
}

}  // namespace config

namespace {

using config::Findings;

constexpr std::array<std::string_view, 9> kSections{"gateway", "frappe", "store", "mqtt", "convert",
                                                    "modbus",  "scale",  "web",   "log"};

void read_topic(const toml::table& table, Config& config, Findings& findings) {
  config::TopicText text;
  config::read_section(table, "mqtt.topic", text, findings);
  const auto& shape = text.shape;
  const bool other = !shape.unit.empty() || !shape.metric.empty() || !shape.time.empty() || !shape.id.empty();
  if (shape.value.empty() && other) {
    findings.add(table.source().begin, "[[mqtt.topic]] value is missing: the pointer to the number, e.g. \"/temp\"");
  }
  if (!shape.value.empty() && shape.metric.empty()) {
    findings.add(config::place_of(table, "value"), "[[mqtt.topic]] metric is missing: what the value measures");
  }
  if (!table.contains("pattern")) return;
  auto pattern = TopicPattern::parse(text.pattern);
  if (!pattern) {
    findings.add(config::place_of(table, "pattern"), "[[mqtt.topic]] pattern: " + pattern.error().detail);
    return;
  }
  for (const auto& topic : config.mqtt.topics) {
    if (topic.pattern.subscription() == pattern->subscription()) {
      findings.add(config::place_of(table, "pattern"), "[[mqtt.topic]] pattern: the same topics as an earlier one");
      return;
    }
  }
  const bool names_site = pattern->text().find("{site}") != std::string::npos;
  if (!names_site && config.gateway.site.empty()) {
    findings.add(config::place_of(table, "pattern"), "[[mqtt.topic]] pattern without {site} needs [gateway] site");
  }
  config.mqtt.topics.push_back({*std::move(pattern), text.decoder, text.shape});
}

void read_mqtt(const toml::table& root, Config& config, Findings& findings) {
  const auto* table = config::table_of(root, "mqtt", findings);
  if (table == nullptr) return;
  static constexpr std::array<std::string_view, 1> kNested{"topic"};
  config::read_section(*table, "mqtt", config.mqtt, findings, kNested);
  for (const auto* topic : config::tables_of(*table, "topic", "[[mqtt.topic]]", findings)) {
    read_topic(*topic, config, findings);
  }
  if (!table->contains("topic")) {
    config.mqtt.topics.push_back({*TopicPattern::parse("yam/{site}/{device}/observation"), "json", {}});
  }
}

void read_convert(const toml::table& table, Config& config, Findings& findings) {
  ConvertSection convert;
  config::read_section(table, "convert", convert, findings);
  if (!convert.from.empty() && !convert.to.empty()) {
    const auto by = linear_between(convert.from, convert.to);
    if (by) {
      convert.by = *by;
    } else {
      findings.add(config::place_of(table, "from"), "[[convert]] no conversion from \"" + for_log(convert.from) +
                                                        "\" to \"" + for_log(convert.to) + "\" is known");
    }
  }
  config.converts.push_back(std::move(convert));
}

template <class Section>
void read_plain(const toml::table& root, std::string_view name, Section& out, Findings& findings) {
  if (const auto* table = config::table_of(root, name, findings)) config::read_section(*table, name, out, findings);
}

/// `end`: the last line, where a missing section would be written.
void read_all(const toml::table& root, const toml::source_position& end, Config& config, Findings& findings) {
  for (const auto& [key, node] : root) {
    if (std::find(kSections.begin(), kSections.end(), key.str()) == kSections.end()) {
      config::refuse_unknown(key, "", "section [" + for_log(key.str()) + "]", kSections, findings);
    }
  }
  for (const std::string_view name : {"gateway", "frappe"}) {
    if (!root.contains(name)) findings.add(end, "section [" + std::string(name) + "] is missing");
  }
  read_plain(root, "gateway", config.gateway, findings);
  read_plain(root, "frappe", config.frappe, findings);
  read_plain(root, "store", config.store, findings);
  read_mqtt(root, config, findings);
  for (const auto* table : config::tables_of(root, "convert", "[[convert]]", findings)) {
    read_convert(*table, config, findings);
  }
  config::read_field(root, config, findings);
  read_plain(root, "web", config.web, findings);
  read_plain(root, "log", config.log, findings);
  config::check_gateway(root, config, findings);
  config::check_frappe(root, config, findings);
  config::check_mqtt(root, config, findings);
}

template <class Section>
void list_section(std::string_view section, std::vector<ConfigKey>& out) {
  for (const auto& key : config::keys_of<Section>()) {
    out.push_back(
        {std::string(section) + "." + std::string(key.name), std::string(key.type), std::string(key.fallback)});
  }
}

}  // namespace

std::vector<ConfigKey> list_config_keys() {
  std::vector<ConfigKey> out;
  list_section<GatewayConfigSection>("gateway", out);
  list_section<FrappeSection>("frappe", out);
  list_section<StoreSection>("store", out);
  list_section<MqttSection>("mqtt", out);
  list_section<config::TopicText>("mqtt.topic", out);
  list_section<ConvertSection>("convert", out);
  list_section<ModbusSection>("modbus", out);
  list_section<SlaveSection>("modbus.slave", out);
  list_section<ScaleSection>("scale", out);
  list_section<WebSection>("web", out);
  list_section<LogSection>("log", out);
  return out;
}

Result<Config> parse_config_text(std::string_view text, std::string_view name) {
  Findings findings(name);
  Config config;
  try {
    const toml::table root = toml::parse(text, name);
    const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
    read_all(root, {static_cast<toml::source_index>(lines), 1}, config, findings);
  } catch (const toml::parse_error& error) {
    findings.add(error.source().begin, for_log(error.description(), 300));
  }
  if (!findings.empty()) return fail(Errc::kMalformed, findings.text());
  return config;
}

Result<Config> load_config(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Errc::kNotFound, file.string() + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return fail(Errc::kIo, file.string() + ": cannot be read");
  return parse_config_text(text.str(), file.string());
}

}  // namespace edge
