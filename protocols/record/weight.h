#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edge {

/// A number exactly as an indicator shows it: digits × 10^exponent, no binary float. |digits| <= 10^15,
/// exponent -9 to 6. 384.40 has digits 38440 and exponent -2: the resolution is kept, so two Weights that are
/// equal as numbers may differ as values; compare with compare().
struct Weight {
  std::int64_t digits = 0;
  int exponent = 0;
  friend bool operator==(const Weight&, const Weight&) = default;
};

/// Canonical decimal text (wire.md §1): "38440", "-0.50"; a positive exponent is written out ("384400"). "-0" never.
/// Empty beyond the limits above.
std::string to_text(const Weight& weight);

/// The Weight of canonical decimal text; nothing where the text is none or beyond the limits above.
std::optional<Weight> weight_from(std::string_view text);

/// As numbers: exact.
std::strong_ordering compare(const Weight& a, const Weight& b);

/// a - b and a + b, exact, with the finer resolution of the two; nothing beyond the limits.
std::optional<Weight> subtract(const Weight& a, const Weight& b);
std::optional<Weight> add(const Weight& a, const Weight& b);

Weight negate(const Weight& weight);
Weight magnitude(const Weight& weight);

/// weight × factor, exact; nothing beyond the limits.
std::optional<Weight> times(const Weight& weight, std::int64_t factor);

/// Grams, exact rational rounded half away from zero. Units: kg g t lb (0.45359237 kg exactly), any case, "kgs" "lbs"
/// "KG" too; nothing for another unit or beyond 64 bits.
std::optional<std::int64_t> to_grams(const Weight& weight, std::string_view unit);

/// Grams as kilograms with three decimals: "38440.000", "-0.050".
std::string kg_text(std::int64_t grams);

/// "kg" "g" "t" "lb" for a unit in any spelling to_grams() knows, else nothing.
std::optional<std::string_view> mass_unit(std::string_view written);

/// What a frame or register says, or that it does not say.
enum class Tri : std::uint8_t { kUnknown = 0, kNo = 1, kYes = 2 };

enum class WeightMode : std::uint8_t { kUnknown = 0, kGross = 1, kNet = 2 };
enum class WeightRange : std::uint8_t {
  kIn = 0,
  kOver = 1,   ///< overload
  kUnder = 2,  ///< underload
  kOut = 3,    ///< out of range; the indicator does not say which way
  kError = 4,  ///< the indicator reports a fault of its own
};
enum class ChecksumState : std::uint8_t { kAbsent = 0, kOk = 1, kBad = 2 };

std::string_view to_text(WeightMode mode);       // "unknown" "gross" "net"
std::string_view to_text(WeightRange range);     // "in" "over" "under" "out" "error"
std::string_view to_text(ChecksumState state);   // "absent" "ok" "bad"

/// One answer of an indicator. Nothing in it is guessed: what the frame does not say is unknown or missing.
struct WeightSample {
  std::optional<Weight> value;  ///< nothing where the frame shows no usable weight (over range, blank, an error)
  std::string unit;             ///< "kg" "g" "t" "lb"; empty = the frame carries none
  WeightMode mode = WeightMode::kUnknown;
  std::optional<Weight> tare;  ///< carried by the frame, in the same unit
  Tri preset_tare = Tri::kUnknown;
  Tri stable = Tri::kUnknown;
  Tri zero = Tri::kUnknown;  ///< centre of zero
  WeightRange range = WeightRange::kIn;
  std::optional<Weight> e;  ///< the display step, where the frame carries it
  ChecksumState checksum = ChecksumState::kAbsent;
  std::string weighing_range;   ///< "1" "2" … of a multi-range scale; empty = not said
  std::string indicator_alibi;  ///< id of the indicator's own alibi memory; empty = not said
  std::string fault;            ///< with kError: the indicator's word for it
  std::string raw;              ///< the bytes of the frame or answer, whole
};

}  // namespace edge
