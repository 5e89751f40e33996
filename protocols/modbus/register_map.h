#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/modbus/registers.h"
#include "protocols/record/reading.h"
#include "protocols/record/weight.h"
#include "protocols/result.h"

namespace edge::modbus {

enum class WordType : std::uint8_t { kI16, kU16, kI32, kU32, kF32 };
/// Order of the four bytes of a 32-bit value on the wire; ABCD is high byte first, high word first. For 16 bits BADC
/// and DCBA mean swapped bytes.
enum class ByteOrder : std::uint8_t { kABCD, kCDAB, kBADC, kDCBA };
std::optional<WordType> word_type_from(std::string_view text);    // "i16" "u16" "i32" "u32" "f32"
std::optional<ByteOrder> byte_order_from(std::string_view text);  // "ABCD" …
int words_of(WordType type);                                      // 1 or 2

/// Most a map's scale may be without its point: a product with 32 bits stays exact in 64.
inline constexpr std::int64_t kScaleDigitsLimit = 1'000'000'000;

/// One value of a map. For a sensor `metric` is the observation type; for a scale "gross", "net" or "tare".
struct MapValue {
  std::string metric;
  std::uint16_t reg = 0;  ///< wire address, 0-based
  WordType type = WordType::kI16;
  std::string scale = "1";  ///< canonical decimal text: value = integer × scale, exactly
  std::string unit;
  std::vector<std::uint32_t> sentinels;  ///< bit patterns that mean "no reading"
  friend bool operator==(const MapValue&, const MapValue&) = default;
};

/// Bits of a scale's status register; -1 = the device has none. A value read as magnitude takes its sign from the
/// negative_* bits.
struct StatusBits {
  int stable = -1, unstable = -1, zero = -1, over = -1, under = -1, net = -1, negative_gross = -1, negative_net = -1,
      preset_tare = -1;
  std::vector<int> error;  ///< any of them set = the indicator reports a fault
  friend bool operator==(const StatusBits&, const StatusBits&) = default;
};
struct MapStatus {
  std::uint16_t reg = 0;
  WordType type = WordType::kU16;
  StatusBits bits;
  friend bool operator==(const MapStatus&, const MapStatus&) = default;
};

/// How one kind of Modbus device is read (deploy/devices/<name>.toml). Read only: no function but 3 and 4.
struct RegisterMap {
  std::string name, source;
  bool verified = false;
  int function = 3;  ///< 3 holding, 4 input registers
  ByteOrder order = ByteOrder::kABCD;
  int max_registers = 32;  ///< most in one request
  std::vector<MapValue> values;
  std::optional<MapStatus> status;  ///< there = a scale
  bool is_scale() const { return status.has_value(); }
  friend bool operator==(const RegisterMap&, const RegisterMap&) = default;
};

/// One request: `count` registers from `first`.
struct ReadSpan {
  std::uint16_t first = 0;
  std::uint16_t count = 0;
  friend bool operator==(const ReadSpan&, const ReadSpan&) = default;
};
/// The fewest requests that read the whole map: neighbours at most 8 registers apart share one, never above
/// max_registers.
std::vector<ReadSpan> read_plan(const RegisterMap& map);

/// 32 bits of two answered words (w0 at the lower address) put into order.
std::uint32_t join_words(std::uint16_t w0, std::uint16_t w1, ByteOrder order);
/// The words a device in that order would answer; for mock devices and tests.
std::pair<std::uint16_t, std::uint16_t> split_words(std::uint32_t bits, ByteOrder order);

/// A number of the registers as exact decimal text with its scale applied; a fault reason instead where it is none:
/// "sentinel:7fff", "not_a_number" (f32 NaN, infinity), "not_storable", "register_missing:<address>". A float is
/// written with the shortest digits that read back as the same float.
struct RegisterText {
  std::string text;
  std::string fault;
};
RegisterText read_value(const MapValue& value, const Registers& registers, ByteOrder order);

/// A sensor's readings, one for each value of the map, in order; a value that is none has a fault.
std::vector<Reading> decode_sensor(const RegisterMap& map, const Registers& registers);

/// A scale's sample. gross where the map has it (mode gross), else net with its tare; the sign from the status bits.
/// Over range, under range or at fault it has no value: the registers hold anything then. `raw` is left empty. Errors:
/// kMalformed (a register is missing, a value is no number).
Result<WeightSample> decode_scale(const RegisterMap& map, const Registers& registers);

/// The answered words in address order, each high byte first: what a reading keeps as `raw`.
std::string raw_of(const Registers& registers);

}  // namespace edge::modbus
