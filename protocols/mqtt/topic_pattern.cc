#include "protocols/mqtt/topic_pattern.h"

#include <algorithm>

#include "protocols/bytes.h"

namespace edge {
namespace {

constexpr std::string_view kSite = "{site}";
constexpr std::string_view kDevice = "{device}";

/// The level before the next '/'; `rest` becomes what follows, or nothing after the last level.
std::string_view next_level(std::optional<std::string_view>& rest) {
  const std::size_t slash = rest->find('/');
  const std::string_view level = rest->substr(0, slash);
  if (slash == std::string_view::npos) {
    rest.reset();
  } else {
    rest->remove_prefix(slash + 1);
  }
  return level;
}

bool is_placeholder(std::string_view level) { return level == kSite || level == kDevice; }

}  // namespace

Result<TopicPattern> TopicPattern::parse(std::string_view pattern) {
  const auto wrong = [&](const char* why) {
    return fail(Errc::kMalformed, "topic pattern \"" + for_log(pattern) + "\": " + why);
  };
  if (!is_plain_text(pattern)) return wrong("not plain text");
  TopicPattern out;
  out.text_ = pattern;
  for (std::optional<std::string_view> rest = pattern; rest;) {
    const std::string_view level = next_level(rest);
    if (level.empty()) return wrong("a level is empty");
    if (level.find_first_of("+#") != std::string_view::npos) return wrong("+ and # are not allowed, name each level");
    if (!is_placeholder(level) && level.find_first_of("{}") != std::string_view::npos) {
      return wrong("only {site} and {device} are known, each a whole level");
    }
    if (is_placeholder(level) && std::find(out.levels_.begin(), out.levels_.end(), level) != out.levels_.end()) {
      return wrong("a placeholder stands twice");
    }
    out.levels_.emplace_back(level);
  }
  if (std::find(out.levels_.begin(), out.levels_.end(), kDevice) == out.levels_.end()) {
    return wrong("no {device}");
  }
  return out;
}

std::optional<TopicPattern::Match> TopicPattern::match(std::string_view topic) const {
  Match match;
  std::optional<std::string_view> rest = topic;
  for (const std::string& level : levels_) {
    if (!rest) return std::nullopt;
    const std::string_view have = next_level(rest);
    // An empty {site} must not be taken for the gateway's own.
    if (is_placeholder(level) ? have.empty() : have != level) return std::nullopt;
    if (level == kSite) match.site = have;
    if (level == kDevice) match.device = have;
  }
  if (rest) return std::nullopt;
  return match;
}

std::string TopicPattern::subscription() const {
  std::string out;
  for (const std::string& level : levels_) {
    if (!out.empty()) out += '/';
    out += is_placeholder(level) ? "+" : level;
  }
  return out;
}

}  // namespace edge
