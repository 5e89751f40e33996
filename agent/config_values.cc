#include "agent/config_values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

namespace edge {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return value;
}

template <std::size_t N>
std::optional<std::int64_t> number_with_unit(std::string_view text, const std::array<Unit, N>& units) {
  const auto digits = static_cast<std::size_t>(
      std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; }) - text.begin());
  if (digits == 0) return std::nullopt;
  const auto number = whole_number(text.substr(0, digits));
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& candidate) { return candidate.name == text.substr(digits); });
  if (!number || unit == units.end()) return std::nullopt;
  if (*number > std::numeric_limits<std::int64_t>::max() / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

bool is_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

/// Splits "host[:port]"; a port that is no number makes it nothing.
std::optional<HostPort> split_authority(std::string_view text) {
  HostPort out;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (out.host.find(':') == std::string::npos) return std::nullopt;
  } else {
    const auto colon = text.find(':');
    out.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
    if (port.find(':', 1) != std::string_view::npos) return std::nullopt;
  }
  if (!is_host(out.host)) return std::nullopt;
  if (port.empty()) {
    out.port = -1;
    return out;
  }
  const auto number = port.size() > 1 && port.front() == ':' ? whole_number(port.substr(1)) : std::nullopt;
  if (!number || *number > 65'535) return std::nullopt;
  out.port = static_cast<int>(*number);
  return out;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits{
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  const auto ms = number_with_unit(text, kUnits);
  if (!ms) return std::nullopt;
  return std::chrono::milliseconds(*ms);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits{
      {{"B", 1}, {"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {"TiB", 1LL << 40}}};
  return number_with_unit(text, kUnits);
}

std::optional<std::int64_t> parse_rate(std::string_view text) {
  constexpr std::string_view kASecond = "/s";
  if (!text.ends_with(kASecond)) return std::nullopt;
  return parse_size(text.substr(0, text.size() - kASecond.size()));
}

std::optional<Url> parse_url(std::string_view text) {
  const bool clean = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7F && c != '@' && c != '?' && c != '#' && c != '\\' && c != '"';
  });
  const auto mark = text.find("://");
  if (!clean || mark == std::string_view::npos || mark == 0) return std::nullopt;
  Url url;
  for (const char c : text.substr(0, mark)) {
    url.scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  auto rest = text.substr(mark + 3);
  const auto slash = rest.find('/');
  const auto authority = split_authority(rest.substr(0, slash));
  if (!authority || authority->port == 0) return std::nullopt;
  url.host = authority->host;
  url.port = std::max(authority->port, 0);
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  auto out = split_authority(text);
  if (!out || out->port < 0) return std::nullopt;
  return out;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  int dots = 0;
  for (const char c : host) {
    if (c == '.') {
      ++dots;
    } else if (c < '0' || c > '9') {
      return false;
    }
  }
  return dots == 3;
}

}  // namespace edge
