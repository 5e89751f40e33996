#pragma once
#include <toml++/toml.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config.h"

/// The one table of every key edge-agent.toml may hold: the reader, `check-config --list-keys` and with it the
/// documentation test all come from here. The keys of a register map are read the same way. Only config*.cc and
/// device_map*.cc include this file.
namespace edge::config {

inline constexpr std::string_view kRequired = "required";

/// A key of a section. `take` puts the value into the section and returns what is wrong with it, or "".
template <class Section>
struct Key {
  std::string_view name;
  std::string_view type;
  std::string_view fallback;  ///< as it would be written in the file; kRequired = must be there
  std::string (*take)(Section&, const toml::node&);
};

template <class Section>
std::span<const Key<Section>> keys_of();
template <>
std::span<const Key<GatewayConfigSection>> keys_of();
template <>
std::span<const Key<FrappeSection>> keys_of();
template <>
std::span<const Key<StoreSection>> keys_of();
template <>
std::span<const Key<MqttSection>> keys_of();
template <>
std::span<const Key<ConvertSection>> keys_of();
template <>
std::span<const Key<ModbusSection>> keys_of();
template <>
std::span<const Key<SlaveSection>> keys_of();
template <>
std::span<const Key<ScaleSection>> keys_of();
template <>
std::span<const Key<WebSection>> keys_of();
template <>
std::span<const Key<LogSection>> keys_of();

/// A topic before its pattern is parsed: the error needs the place of the text.
struct TopicText {
  std::string pattern, decoder = "json";
  JsonShape shape;
};
template <>
std::span<const Key<TopicText>> keys_of();

/// True for "section.key" or "section" that wire.md §9 names and this version does not know yet.
bool is_later(std::string_view path);

/// The candidate nearest to `written` (at most two edits away), or "".
std::string_view nearest(std::string_view written, std::span<const std::string_view> candidates);

}  // namespace edge::config
