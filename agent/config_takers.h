#pragma once
#include <toml++/toml.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "agent/config_values.h"
#include "protocols/bytes.h"

/// What keys are made of: each puts the value of a node into a member and returns what is wrong with it, or "". Only
/// the files with tables of keys include this one.
namespace edge::config {

inline std::string one_of(std::string_view value, std::span<const std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return "";
  std::string out = "must be one of";
  for (const auto& candidate : allowed) out += " \"" + std::string(candidate) + "\"";
  return out;
}

inline std::string string_in(const toml::node& node, std::string& out) {
  const auto value = node.value_exact<std::string>();
  if (!value) return "must be a text in double quotes";
  if (!is_plain_text(*value)) return "holds control characters";
  out = *value;
  return "";
}

template <auto Member, class S>
std::string text(S& section, const toml::node& node) {
  return string_in(node, section.*Member);
}

/// An empty path is the same as no key at all.
template <auto Member, class S>
std::string path(S& section, const toml::node& node) {
  std::string value;
  auto wrong = string_in(node, value);
  if (wrong.empty() && !value.empty() && !value.starts_with('/')) wrong = "must be an absolute path";
  section.*Member = value;
  return wrong;
}

template <auto Member, class S>
std::string flag(S& section, const toml::node& node) {
  const auto value = node.value_exact<bool>();
  if (!value) return "must be true or false";
  section.*Member = *value;
  return "";
}

template <auto Member, class S>
std::string wire_id(S& section, const toml::node& node) {
  auto wrong = string_in(node, section.*Member);
  if (wrong.empty() && !(section.*Member).empty() && !is_wire_id(section.*Member)) {
    wrong = "must be 1 to 64 characters of A-Z a-z 0-9 . _ : -";
  }
  return wrong;
}

template <auto Member, std::int64_t Least, std::int64_t Most, class S>
std::string whole(S& section, const toml::node& node) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || *value < Least || *value > Most) {
    return "must be a whole number from " + std::to_string(Least) + " to " + std::to_string(Most);
  }
  section.*Member = static_cast<std::remove_reference_t<decltype(section.*Member)>>(*value);
  return "";
}

/// A duration from `least` to `most`; `range` says so in words.
inline std::string duration_in(const toml::node& node, std::chrono::milliseconds least, std::chrono::milliseconds most,
                               std::string_view range, std::chrono::milliseconds& out) {
  const auto written = node.value_exact<std::string>();
  const auto value = written ? parse_duration(*written) : std::nullopt;
  if (!value) return "must be a duration such as \"500ms\", \"30s\", \"12h\" or \"7d\"";
  if (*value < least || *value > most) return "must be between " + std::string(range);
  out = *value;
  return "";
}

/// Limits in seconds.
template <auto Member, std::int64_t Least, std::int64_t Most, class S>
std::string duration(S& section, const toml::node& node) {
  std::chrono::milliseconds value{0};
  const auto range = std::to_string(Least) + "s and " + std::to_string(Most) + "s";
  auto wrong = duration_in(node, std::chrono::seconds(Least), std::chrono::seconds(Most), range, value);
  using Target = std::remove_reference_t<decltype(section.*Member)>;
  if (wrong.empty()) section.*Member = std::chrono::duration_cast<Target>(value);
  return wrong;
}

/// Least in MiB; "" leaves what the default says.
template <auto Member, std::int64_t Least, class S>
std::string size(S& section, const toml::node& node) {
  const auto written = node.value_exact<std::string>();
  if (written && written->empty()) return "";
  const auto value = written ? parse_size(*written) : std::nullopt;
  if (!value) return "must be a size such as \"512MiB\" or \"8GiB\"";
  if (*value < (Least << 20)) return "must be at least " + std::to_string(Least) + "MiB";
  section.*Member = *value;
  return "";
}

}  // namespace edge::config
