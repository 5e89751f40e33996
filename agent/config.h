#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/modbus/register_map.h"
#include "protocols/mqtt/json_decoder.h"
#include "protocols/mqtt/topic_pattern.h"
#include "protocols/record/decimal.h"
#include "protocols/record/weight.h"
#include "protocols/result.h"

namespace edge {

enum class Durability { kDefault, kPowerCut };

struct GatewayConfigSection {
  std::string id, site;
  std::filesystem::path state_dir = "/var/lib/edge-agent";
  std::filesystem::path socket = "/run/edge-agent/control.sock";
  std::filesystem::path devices_dir = "/usr/share/edge-agent/devices";  ///< register maps: <map>.toml
};
struct FrappeSection {
  std::string url, site_header;
  std::filesystem::path key_file;  ///< "key_id:secret", 0600
  std::string credential;          ///< or the name of a systemd credential
  std::filesystem::path ca_file, client_cert, client_key;
  std::string proxy;
  std::size_t batch_rows = 500;
  bool gzip = true;
  std::chrono::milliseconds timeout{30'000};
  double live_share = 0.7;    ///< of the requests while there is a backlog
  std::int64_t max_rate = 0;  ///< bytes a second; 0 = no limit
};
struct StoreSection {
  Durability durability = Durability::kDefault;
  std::int64_t max_bytes = 0;  ///< 0: min(8 GiB, half of what is free at first start)
  std::int64_t min_free = 512LL << 20;
  std::chrono::milliseconds retain_sent = std::chrono::hours(24 * 7);
};
struct TopicSection {
  TopicPattern pattern;
  std::string decoder = "json";
  JsonShape shape;
};
struct MqttSection {
  std::string url, client_id, username;
  std::filesystem::path password_file, ca_file, client_cert, client_key;
  std::chrono::seconds keepalive{60};
  std::vector<TopicSection> topics;
  bool configured() const { return !url.empty(); }
};
/// °F → °C and the like; the pair of units decides the formula.
struct ConvertSection {
  std::string metric, device, from, to;  ///< metric or device empty = any
  Linear by;
};
struct SlaveSection {
  int unit = 1;
  std::string device, site;  ///< site empty = the gateway's
  std::string map;           ///< a name in devices_dir, or a path with a slash
  std::chrono::milliseconds every{10'000};
  modbus::RegisterMap registers;  ///< what `map` holds
  friend bool operator==(const SlaveSection&, const SlaveSection&) = default;
};
struct ModbusSection {
  std::string name;
  std::string port;  ///< RTU; or
  std::string tcp;   ///< host:port
  std::string line = "9600 8N1";
  std::chrono::milliseconds timeout{300};
  std::vector<SlaveSection> slaves;
  friend bool operator==(const ModbusSection&, const ModbusSection&) = default;
};
/// A weighbridge indicator: on a line of its own (profile, port or tcp) or a slave of a bus (modbus, slave, map).
struct ScaleSection {
  std::string device, code, site;  ///< site empty = the gateway's
  std::string profile, port, tcp, line;
  std::string modbus, map;
  int slave = 1;
  std::chrono::milliseconds every{250};  ///< of a slave
  modbus::RegisterMap registers;         ///< what `map` holds
  std::chrono::milliseconds stale_after{1'500};  ///< of an indicator on a line of its own
  std::string unit;                      ///< where the frame carries none
  Weight e;                              ///< > 0
  std::optional<Weight> max, min;
  friend bool operator==(const ScaleSection&, const ScaleSection&) = default;
};
struct WebSection {
  std::string host = "127.0.0.1";
  int port = 8380;  ///< 0 = any free one
};
struct LogSection {
  std::string level = "info", format = "text";
};

/// edge-agent.toml (wire.md §9), checked.
struct Config {
  GatewayConfigSection gateway;
  FrappeSection frappe;
  StoreSection store;
  MqttSection mqtt;
  std::vector<ConvertSection> converts;
  std::vector<ModbusSection> buses;
  std::vector<ScaleSection> scales;
  WebSection web;
  LogSection log;
};

/// Reads and checks the file. Errors: kMalformed with "file:line:column: what is wrong and what to write", every
/// finding on a line of its own; kNotFound.
Result<Config> load_config(const std::filesystem::path& file);
Result<Config> parse_config_text(std::string_view text, std::string_view name);

/// A key the file may hold: "frappe.timeout", its type, its default as it would be written ("required": none).
struct ConfigKey {
  std::string key, type, fallback;
};
/// Every key of this version, in the file's order.
std::vector<ConfigKey> list_config_keys();

}  // namespace edge
