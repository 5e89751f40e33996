// Any file as edge-agent.toml: a whole configuration, or findings that say where; what enrolment writes into it is read
// again as it was written.
#include <algorithm>
#include <array>
#include <string>

#include "agent/config.h"
#include "agent/config_edit.h"
#include "check.h"
#include "protocols/bytes.h"

namespace {

using namespace edge;

/// A register map is read from the path a file names: none of this machine's devices.
bool names_a_device_file(std::string_view text) {
  return text.find("map") != std::string_view::npos &&
         (text.find("/dev") != std::string_view::npos || text.find("/proc") != std::string_view::npos ||
          text.find('\\') != std::string_view::npos);
}

void check_findings(const std::string& findings, std::string_view file) {
  check(!findings.empty(), "an error says why");
  for (std::string_view rest = findings; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    check(line.starts_with(file) && is_plain_text(line), "a finding is one line and begins with its file");
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
}

void check_config(const Config& config) {
  check(!config.gateway.id.empty() && is_wire_id(config.gateway.id), "a gateway has an id");
  check(!config.frappe.url.empty() && is_plain_text(config.frappe.url), "there is an address");
  check(config.frappe.timeout.count() > 0, "a timeout is above zero");
  for (const ModbusSection& bus : config.buses) {
    for (const SlaveSection& slave : bus.slaves) check(is_wire_id(slave.device), "a slave is a device");
  }
  for (const ScaleSection& scale : config.scales) check(is_wire_id(scale.device), "a scale is a device");
}

void check_edit(std::string_view text) {
  const std::array<ConfigText, 3> texts{{{"gateway", "id", "gw-7"},
                                         {"frappe", "url", "https://farm.example"},
                                         {"frappe", "key_file", "/etc/edge-agent/\"key\""}}};
  const auto edited = with_texts(text, texts);
  if (!edited) {
    check(!edited.error().detail.empty(), "an error says why");
    return;
  }
  const auto before = parse_config_text(text, "a.toml");
  const auto after = parse_config_text(*edited, "a.toml");
  if (after) {
    check(after->gateway.id == "gw-7" && after->frappe.url == "https://farm.example", "what was written is read");
  }
  const auto again = with_texts(*edited, texts);
  check(again && *again == *edited, "writing it again changes nothing");
  if (before) check(after.has_value(), "a whole configuration stays one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = view(bytes, size);
  if (names_a_device_file(text)) return 0;
  const auto config = parse_config_text(text, "a.toml");
  if (config) {
    check_config(*config);
  } else {
    check_findings(config.error().detail, "a.toml");
  }
  check_edit(text);
  return 0;
}
