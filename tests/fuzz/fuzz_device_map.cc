// Any file as a register map: one that can be read from a device, or findings that say where.
#include <algorithm>

#include "agent/device_map.h"
#include "check.h"
#include "protocols/bytes.h"
#include "protocols/record/units.h"

namespace {

using namespace edge;

void check_map(const modbus::RegisterMap& map) {
  check(map.function == 3 || map.function == 4, "devices are only read");
  check(!map.values.empty(), "a map has values");
  for (const auto& value : map.values) check(is_wire_type(value.metric), "a metric is a type");
  const auto plan = modbus::read_plan(map);
  check(!plan.empty(), "there is something to read");
  if (map.is_scale()) check(plan.size() == 1, "a scale is read in one request");
  modbus::Registers registers;
  for (const auto& span : plan) {
    check(span.count > 0 && span.count <= 125 && span.first + span.count <= 65'536, "a request is a valid one");
    for (int at = 0; at < span.count; ++at) registers[static_cast<std::uint16_t>(span.first + at)] = 0x1234;
  }
  check(modbus::decode_sensor(map, registers).size() == map.values.size(), "a reading for each value");
  if (map.is_scale()) static_cast<void>(modbus::decode_scale(map, registers));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto map = parse_device_map(view(bytes, size), "devices/own.toml");
  if (map) {
    check_map(*map);
    return 0;
  }
  for (std::string_view rest = map.error().detail; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    check(line.starts_with("devices/own.toml") && is_plain_text(line), "a finding is one line and begins with its file");
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  check(!map.error().detail.empty(), "an error says why");
  return 0;
}
