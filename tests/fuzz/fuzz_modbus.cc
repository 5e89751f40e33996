// Any registers read by any map: a value is exact storable text or has a reason, a weight is one or is refused.
#include <algorithm>

#include "check.h"
#include "protocols/bytes.h"
#include "protocols/modbus/register_map.h"
#include "protocols/record/decimal.h"
#include "protocols/record/reason.h"

namespace {

using namespace edge;

/// Takes numbers off the front; zeros once it is empty.
class Input {
 public:
  Input(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), size_(size) {}
  std::uint8_t byte() { return size_ == 0 ? std::uint8_t{0} : (--size_, *bytes_++); }
  std::uint16_t word() {
    const auto high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  int bit(int width) { return byte() % (width + 1) - 1; }
  bool empty() const { return size_ == 0; }

 private:
  const std::uint8_t* bytes_;
  std::size_t size_;
};

modbus::WordType type_of(Input& in) { return static_cast<modbus::WordType>(in.byte() % 5); }

modbus::RegisterMap map_of(Input& in) {
  static constexpr const char* kMetrics[] = {"gross", "net", "tare", "temperature"};
  static constexpr const char* kScales[] = {"1", "0.1", "-0.005", "20", "0.999999999", "1000000000"};
  modbus::RegisterMap map;
  map.order = static_cast<modbus::ByteOrder>(in.byte() % 4);
  map.max_registers = 2 + in.byte() % 124;
  for (int values = in.byte() % 6; values > 0; --values) {
    map.values.push_back({kMetrics[in.byte() % 4], in.word(), type_of(in), kScales[in.byte() % 6], "kg", {in.word()}});
  }
  if (in.byte() % 2 == 0) return map;
  const bool wide = in.byte() % 2 == 0;
  const int width = wide ? 32 : 16;
  map.status = modbus::MapStatus{in.word(), wide ? modbus::WordType::kU32 : modbus::WordType::kU16, {}};
  auto& bits = map.status->bits;
  for (int* bit : {&bits.stable, &bits.unstable, &bits.zero, &bits.over, &bits.under, &bits.net, &bits.negative_gross,
                   &bits.negative_net, &bits.preset_tare}) {
    *bit = in.bit(width);
  }
  bits.error = {in.bit(width)};
  return map;
}

void check_plan(const modbus::RegisterMap& map) {
  const auto plan = modbus::read_plan(map);
  for (const auto& span : plan) {
    check(span.count > 0 && span.count <= map.max_registers, "a request is within the limit");
  }
  for (const auto& value : map.values) {
    const bool whole = std::any_of(plan.begin(), plan.end(), [&](const modbus::ReadSpan& span) {
      return value.reg >= span.first && value.reg + modbus::words_of(value.type) <= span.first + span.count;
    });
    check(whole, "a value is read whole");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Input in(bytes, size);
  const modbus::RegisterMap map = map_of(in);
  check_plan(map);
  modbus::Registers registers;
  while (!in.empty()) {
    const std::uint16_t address = in.word();
    for (int run = in.byte() % 8; run >= 0; --run) registers[static_cast<std::uint16_t>(address + run)] = in.word();
  }
  const auto readings = modbus::decode_sensor(map, registers);
  check(readings.size() == map.values.size(), "a reading for each value");
  for (const Reading& reading : readings) {
    check(reading.value.has_value() != !reading.faults.empty(), "a value, or a fault");
    if (reading.value) check(is_decimal(*reading.value) && is_storable(*reading.value), "a value can be stored");
    for (const std::string& fault : reading.faults) check(is_reason(fault), "a fault is a reason");
  }
  const auto sample = modbus::decode_scale(map, registers);
  if (!sample) {
    check(is_plain_text(sample.error().detail) && !sample.error().detail.empty(), "an error says why");
    return 0;
  }
  check(sample->value.has_value() == (sample->range == WeightRange::kIn), "a weight where it is in range");
  if (sample->value) check(weight_from(to_text(*sample->value)).has_value(), "a weight can be written");
  check(modbus::raw_of(registers).size() == 2 * registers.size(), "raw has every word");
  return 0;
}
