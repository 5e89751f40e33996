#include "agent/settings.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <tuple>

#include "agent/version.h"

namespace edge {
namespace {

template <class C>
auto fixed_parts(C& c) {
  return std::tie(c.gateway.id, c.gateway.state_dir, c.gateway.socket, c.frappe.batch_rows, c.frappe.live_share, c.store.durability,
                  c.store.max_bytes, c.store.min_free, c.store.retain_sent, c.mqtt.url, c.mqtt.client_id,
                  c.mqtt.username, c.mqtt.password_file, c.mqtt.ca_file, c.mqtt.client_cert, c.mqtt.client_key,
                  c.mqtt.keepalive, c.buses, c.scales, c.web.host, c.web.port, c.log.format);
}

/// The machine and the directory by their own numbers; empty where the machine has none (a plain container).
std::string home_of(const std::filesystem::path& dir) {
  std::string machine;
  std::ifstream("/etc/machine-id") >> machine;
  struct stat facts {};
  if (machine.size() != 32 || ::stat(dir.c_str(), &facts) != 0) return {};
  return machine + '/' + std::to_string(facts.st_ino);
}

const std::string& site_of(const std::string& site, const Config& config) {
  return site.empty() ? config.gateway.site : site;
}

}  // namespace

StoreOptions store_options(const Config& config) {
  StoreOptions out;
  out.dir = config.gateway.state_dir;
  out.gateway = config.gateway.id;
  out.level = config.store.durability == Durability::kPowerCut ? SyncLevel::kEachCommit : SyncLevel::kTimed;
  out.max_bytes = config.store.max_bytes;
  out.min_free = config.store.min_free;
  out.retain_sent = config.store.retain_sent;
  out.home = home_of(config.gateway.state_dir);
  return out;
}

IngestRules ingest_rules(const Config& config) {
  IngestRules out;
  out.gateway = config.gateway.id;
  out.default_site = config.gateway.site;
  for (const auto& topic : config.mqtt.topics) out.topics.push_back({topic.pattern, topic.shape});
  for (const auto& rule : config.converts) {
    out.converts.push_back({rule.metric, rule.device, rule.from, rule.to, rule.by});
  }
  return out;
}

FrappeSinkSettings sink_settings(const Config& config, const Secrets& secrets) {
  const auto& frappe = config.frappe;
  FrappeSinkSettings out;
  out.url = frappe.url;
  out.site_header = frappe.site_header;
  out.key = secrets.frappe_key;
  out.gzip = frappe.gzip;
  out.max_rate = frappe.max_rate;
  out.http.ca_file = frappe.ca_file;
  out.http.client_cert = frappe.client_cert;
  out.http.client_key = frappe.client_key;
  out.http.proxy = frappe.proxy;
  out.http.timeout = frappe.timeout;
  out.http.user_agent = "edge-agent/" + std::string(kVersion);
  return out;
}

MqttSourceSettings mqtt_settings(const Config& config, const Secrets& secrets) {
  const auto& mqtt = config.mqtt;
  MqttSourceSettings out;
  out.url = mqtt.url;
  out.client_id = mqtt.client_id;
  out.username = mqtt.username;
  out.password = secrets.mqtt_password;
  out.ca_file = mqtt.ca_file;
  out.client_cert = mqtt.client_cert;
  out.client_key = mqtt.client_key;
  out.keepalive = mqtt.keepalive;
  out.subscriptions = subscriptions(config);
  return out;
}

SyncSettings sync_settings(const Config& config) {
  SyncSettings out;
  out.gateway = config.gateway.id;
  out.batch_rows = config.frappe.batch_rows;
  out.live_share = static_cast<int>(std::lround(config.frappe.live_share * 100));
  return out;
}

std::vector<std::string> subscriptions(const Config& config) {
  std::vector<std::string> out;
  for (const auto& topic : config.mqtt.topics) out.push_back(topic.pattern.subscription());
  return out;
}

std::vector<ScaleSetup> scale_setups(const Config& config) {
  std::vector<ScaleSetup> out;
  for (const auto& scale : config.scales) {
    ScaleSetup setup;
    setup.device = scale.device;
    setup.code = scale.code;
    setup.site = site_of(scale.site, config);
    setup.profile = scale.profile.empty() ? "modbus:" + scale.registers.name : scale.profile;
    setup.rules.unit = scale.unit;
    setup.rules.e = scale.e;
    setup.rules.max = scale.max;
    setup.rules.min = scale.min;
    if (!scale.profile.empty()) setup.rules.stale_ms = scale.stale_after.count();
    // A slave is asked less often than an indicator streams: three answers may be missed, no more.
    if (!scale.modbus.empty()) setup.rules.stale_ms = std::max(setup.rules.stale_ms, 3 * scale.every.count());
    out.push_back(std::move(setup));
  }
  return out;
}

std::vector<SerialSourceSettings> serial_settings(const Config& config) {
  std::vector<SerialSourceSettings> out;
  for (const auto& scale : config.scales) {
    if (scale.profile.empty()) continue;
    SerialSourceSettings settings;
    settings.scale = scale.device;
    settings.profile = scale.profile;
    settings.port = scale.port;
    settings.tcp = scale.tcp;
    settings.line = scale.line;
    out.push_back(std::move(settings));
  }
  return out;
}

std::vector<ModbusBusSettings> bus_settings(const Config& config) {
  std::vector<ModbusBusSettings> out;
  for (const auto& bus : config.buses) {
    ModbusBusSettings settings;
    settings.name = bus.name;
    settings.port = bus.port;
    settings.tcp = bus.tcp;
    settings.line = bus.line;
    settings.timeout = bus.timeout;
    for (const auto& slave : bus.slaves) {
      settings.slaves.push_back({slave.unit, site_of(slave.site, config), slave.device, slave.registers, slave.every});
    }
    for (const auto& scale : config.scales) {
      if (scale.modbus != bus.name) continue;
      settings.slaves.push_back({scale.slave, site_of(scale.site, config), scale.device, scale.registers, scale.every});
    }
    out.push_back(std::move(settings));
  }
  return out;
}

bool keep_fixed_parts(const Config& running, Config& fresh) {
  if (fixed_parts(running) == fixed_parts(fresh)) return false;
  fixed_parts(fresh) = fixed_parts(running);
  return true;
}

}  // namespace edge
