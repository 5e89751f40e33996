// Any text where a configuration wants a small one: a topic, an address, a time, a size, a line, a key. The first line
// is a topic pattern, the second a topic.
#include <string>

#include "agent/config_values.h"
#include "agent/core/line_settings.h"
#include "agent/secrets.h"
#include "check.h"
#include "protocols/bytes.h"
#include "protocols/mqtt/topic_pattern.h"
#include "protocols/record/time.h"

namespace {

using namespace edge;

void check_topics(std::string_view pattern, std::string_view topic) {
  const auto parsed = TopicPattern::parse(pattern);
  if (!parsed) {
    check(is_plain_text(parsed.error().detail) && !parsed.error().detail.empty(), "an error says why on one line");
    return;
  }
  check(parsed->text() == pattern, "a pattern keeps its text");
  check(parsed->subscription().find('{') == std::string::npos, "a subscription has no placeholder");
  const auto match = parsed->match(topic);
  if (!match) return;
  check(!match->device.empty(), "a match has a device");
  check(match->device.find('/') == std::string_view::npos && match->site.find('/') == std::string_view::npos,
        "a placeholder is one level");
}

void check_values(std::string_view text) {
  if (const auto duration = parse_duration(text)) check(duration->count() >= 0, "a duration is not negative");
  if (const auto size = parse_size(text)) check(*size >= 0, "a size is not negative");
  if (const auto url = parse_url(text)) {
    check(!url->scheme.empty() && !url->host.empty() && url->port >= 0 && url->port <= 65'535, "an address is whole");
    check(is_plain_text(url->host) && !url->path.ends_with('/'), "and clean");
    static_cast<void>(is_loopback(url->host));
  }
  if (const auto peer = parse_host_port(text)) check(!peer->host.empty() && peer->port <= 65'535, "a peer is whole");
  static_cast<void>(is_loopback(text));
  if (is_edge_key(text)) check(is_plain_text(text) && text.size() > 17, "a key has its secret");
  if (const auto line = read_line_settings(text)) {
    check(line->baud > 0 && (line->data_bits == 7 || line->data_bits == 8), "a line has a form");
    check(line->stop_bits == 1 || line->stop_bits == 2, "and its stop bits");
  } else {
    check(!line.error().detail.empty() && is_plain_text(line.error().detail), "an error says why on one line");
  }
  if (const auto at = parse_instant(text)) check(parse_instant(format_instant(*at)) == at, "an instant comes back");
  static_cast<void>(for_log(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = view(bytes, size);
  const std::size_t end = text.find('\n');
  if (end != std::string_view::npos) check_topics(text.substr(0, end), text.substr(end + 1));
  check_values(text);
  return 0;
}
