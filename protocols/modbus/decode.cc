#include <algorithm>

#include "protocols/modbus/bits.h"
#include "protocols/modbus/register_map.h"

namespace edge::modbus {
namespace {

bool is_set(std::uint32_t status, int bit) { return bit >= 0 && (status >> bit & 1U) != 0; }

Tri tri_of(std::uint32_t status, int bit) {
  if (bit < 0) return Tri::kUnknown;
  return is_set(status, bit) ? Tri::kYes : Tri::kNo;
}

/// Devices say it in either sense; where one says both, motion wins.
Tri stable_of(std::uint32_t status, const StatusBits& bits) {
  if (is_set(status, bits.unstable)) return Tri::kNo;
  if (bits.stable >= 0) return tri_of(status, bits.stable);
  return bits.unstable >= 0 ? Tri::kYes : Tri::kUnknown;
}

const MapValue* find_value(const RegisterMap& map, std::string_view metric) {
  const auto found =
      std::find_if(map.values.begin(), map.values.end(), [&](const MapValue& value) { return value.metric == metric; });
  return found == map.values.end() ? nullptr : &*found;
}

/// Canonical text as a Weight. A float near zero has more decimals than a Weight: rounded half away from zero to the
/// finest, a billionth of the unit, which no indicator resolves.
std::optional<Weight> nearest_weight(std::string_view text) {
  constexpr std::size_t kDecimals = 9;
  const auto point = text.find('.');
  if (point == std::string_view::npos || text.size() <= point + 1 + kDecimals) return weight_from(text);
  const bool negative = text.front() == '-';
  auto weight = weight_from(text.substr(negative ? 1 : 0, point + 1 + kDecimals - (negative ? 1 : 0)));
  if (!weight) return std::nullopt;
  if (text[point + 1 + kDecimals] >= '5') ++weight->digits;
  return negative ? negate(*weight) : *weight;
}

Result<Weight> weight_of(const MapValue& value, const RegisterMap& map, const Registers& registers) {
  const RegisterText read = read_value(value, registers, map.order);
  const auto weight = read.fault.empty() ? nearest_weight(read.text) : std::nullopt;
  if (weight) return *weight;
  return fail(Errc::kMalformed, value.metric + ": " + (read.fault.empty() ? "not_storable" : read.fault));
}

void read_range(std::uint32_t status, const StatusBits& bits, WeightSample& sample) {
  if (is_set(status, bits.under)) sample.range = WeightRange::kUnder;
  if (is_set(status, bits.over)) sample.range = WeightRange::kOver;
  for (const int bit : bits.error) {
    if (!is_set(status, bit)) continue;
    sample.range = WeightRange::kError;
    sample.fault = "status bit " + std::to_string(bit);
    return;
  }
}

}  // namespace

std::vector<Reading> decode_sensor(const RegisterMap& map, const Registers& registers) {
  std::vector<Reading> out;
  out.reserve(map.values.size());
  for (const MapValue& value : map.values) {
    Reading reading;
    reading.metric = value.metric;
    reading.index = static_cast<int>(out.size());
    reading.unit = value.unit;
    RegisterText read = read_value(value, registers, map.order);
    if (read.fault.empty()) {
      reading.value = std::move(read.text);
    } else {
      reading.faults.push_back(std::move(read.fault));
    }
    out.push_back(std::move(reading));
  }
  return out;
}

Result<WeightSample> decode_scale(const RegisterMap& map, const Registers& registers) {
  if (!map.status) return fail(Errc::kMalformed, "the map \"" + map.name + "\" has no status register");
  const auto status = bits_at(map.status->reg, map.status->type, registers, map.order);
  if (!status) return fail(Errc::kMalformed, "status register " + std::to_string(map.status->reg) + " is missing");
  const MapValue* gross = find_value(map, "gross");
  const MapValue* shown = gross != nullptr ? gross : find_value(map, "net");
  if (shown == nullptr) return fail(Errc::kMalformed, "the map \"" + map.name + "\" has neither gross nor net");
  const StatusBits& bits = map.status->bits;
  WeightSample sample;
  sample.mode = gross != nullptr ? WeightMode::kGross : WeightMode::kNet;
  sample.unit = shown->unit;
  sample.stable = stable_of(*status, bits);
  sample.zero = tri_of(*status, bits.zero);
  sample.preset_tare = tri_of(*status, bits.preset_tare);
  read_range(*status, bits, sample);
  // Beyond its range or at fault an indicator leaves anything in the registers.
  if (sample.range != WeightRange::kIn) return sample;
  auto weight = weight_of(*shown, map, registers);
  if (!weight) return tl::unexpected(weight.error());
  const bool negative = is_set(*status, gross != nullptr ? bits.negative_gross : bits.negative_net);
  sample.value = negative ? negate(magnitude(*weight)) : *weight;
  if (const MapValue* tare = find_value(map, "tare")) {
    auto carried = weight_of(*tare, map, registers);
    if (!carried) return tl::unexpected(carried.error());
    sample.tare = *carried;
  }
  return sample;
}

}  // namespace edge::modbus
