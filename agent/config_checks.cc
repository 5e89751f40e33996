#include "agent/config_reader.h"
#include "agent/config_values.h"
#include "protocols/bytes.h"

namespace edge::config {
namespace {

const toml::table& section_of(const toml::table& root, std::string_view name) {
  const auto* table = root[name].as_table();
  return table != nullptr ? *table : root;
}

void check_pair(const toml::table& table, std::string_view section, const std::filesystem::path& cert,
                const std::filesystem::path& key, Findings& findings) {
  if (cert.empty() == key.empty()) return;
  const auto* present = cert.empty() ? "client_key" : "client_cert";
  findings.add(place_of(table, present), name_of(section, present) + " needs both client_cert and client_key");
}

/// Plain text is for this machine only: keys and readings would be readable on the way.
void check_plain(const Url& url, std::string_view section, std::string_view secure, toml::source_position at,
                 Findings& findings) {
  if (url.scheme == secure || is_loopback(url.host)) return;
  findings.add(at, name_of(section, "url") + " must be " + std::string(secure) + ":// (" + url.scheme +
                       ":// only for an address of this machine)");
}

std::string url_text(const Url& url) {
  const bool brackets = url.host.find(':') != std::string::npos;
  return url.scheme + "://" + (brackets ? "[" + url.host + "]" : url.host) +
         (url.port > 0 ? ":" + std::to_string(url.port) : "") + url.path;
}

}  // namespace

void check_gateway(const toml::table& root, const Config& config, Findings& findings) {
  const auto& table = section_of(root, "gateway");
  if (table.contains("id") && config.gateway.id.empty()) {
    findings.add(place_of(table, "id"), "[gateway] id is empty");
  }
  for (const auto& [key, value] :
       {std::pair{"state_dir", &config.gateway.state_dir}, std::pair{"socket", &config.gateway.socket},
        std::pair{"devices_dir", &config.gateway.devices_dir}}) {
    if (value->empty()) findings.add(place_of(table, key), name_of("gateway", key) + " is empty");
  }
  // sun_path holds 108 bytes with its end.
  if (config.gateway.socket.native().size() > 107) {
    findings.add(place_of(table, "socket"), "[gateway] socket is longer than 107 characters");
  }
}

void check_frappe(const toml::table& root, Config& config, Findings& findings) {
  if (!root.contains("frappe")) return;
  const auto& table = section_of(root, "frappe");
  auto& frappe = config.frappe;
  if (table.contains("url")) {
    const auto url = parse_url(frappe.url);
    if (!url || (url->scheme != "https" && url->scheme != "http")) {
      findings.add(place_of(table, "url"), "[frappe] url must be an address such as \"https://erp.example.org\"");
    } else {
      check_plain(*url, "frappe", "https", place_of(table, "url"), findings);
      frappe.url = url_text(*url);
    }
  }
  if (frappe.key_file.empty() == frappe.credential.empty()) {
    findings.add(place_of(table, "key_file"), frappe.key_file.empty()
                                                  ? "[frappe] key_file is missing (or credential, the name of a "
                                                    "systemd credential)"
                                                  : "[frappe] key_file and credential exclude each other");
  }
  if (!frappe.credential.empty() && !is_wire_id(frappe.credential)) {
    findings.add(place_of(table, "credential"), "[frappe] credential must be a name, not a path");
  }
  const auto proxy = parse_url(frappe.proxy);
  if (!frappe.proxy.empty() && (!proxy || (proxy->scheme != "http" && proxy->scheme != "https"))) {
    findings.add(place_of(table, "proxy"), "[frappe] proxy must be an address such as \"http://192.0.2.1:3128\"");
  }
  check_pair(table, "frappe", frappe.client_cert, frappe.client_key, findings);
}

void check_mqtt(const toml::table& root, Config& config, Findings& findings) {
  if (!root.contains("mqtt")) return;
  const auto& table = section_of(root, "mqtt");
  auto& mqtt = config.mqtt;
  const auto url = parse_url(mqtt.url);
  if (!url || (url->scheme != "mqtts" && url->scheme != "mqtt") || !url->path.empty()) {
    findings.add(place_of(table, "url"), "[mqtt] url must be an address such as \"mqtts://127.0.0.1:8883\"");
  } else {
    check_plain(*url, "mqtt", "mqtts", place_of(table, "url"), findings);
    mqtt.url = url_text(*url);
  }
  if (mqtt.client_id.empty()) mqtt.client_id = ("edge-" + config.gateway.id).substr(0, 64);
  if (!mqtt.password_file.empty() && mqtt.username.empty()) {
    findings.add(place_of(table, "password_file"), "[mqtt] password_file needs username");
  }
  check_pair(table, "mqtt", mqtt.client_cert, mqtt.client_key, findings);
}

}  // namespace edge::config
