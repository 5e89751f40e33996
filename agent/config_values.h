#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The small texts of edge-agent.toml (wire.md §9), each read on its own. Pure; nothing means "not of that form".
namespace edge {

/// "500ms" "30s" "5m" "12h" "7d": a whole number and its unit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "512MiB" "8GiB" "64KiB" "4096B": a whole number and its unit, in bytes.
std::optional<std::int64_t> parse_size(std::string_view text);

/// "64KiB/s": a size a second, in bytes.
std::optional<std::int64_t> parse_rate(std::string_view text);

struct Url {
  std::string scheme, host, path;  ///< lower-cased scheme; host without brackets; path without trailing '/'
  int port = 0;                    ///< 0 = none was written
};
/// scheme://host[:port][/path]; nothing for user names, queries, fragments, blanks or controls.
std::optional<Url> parse_url(std::string_view text);

struct HostPort {
  std::string host;
  int port = 0;
};
/// "127.0.0.1:8380" or "[::1]:8380".
std::optional<HostPort> parse_host_port(std::string_view text);

/// True for localhost, 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host);

}  // namespace edge
