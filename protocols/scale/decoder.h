#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/weight.h"
#include "protocols/result.h"

namespace edge::scale {

/// What came off the line: a good frame, or bytes that were given up with the reason. Every byte of the stream is in
/// exactly one `raw`, in order: nothing is dropped without a word.
struct Frame {
  std::string raw;
  Result<WeightSample> sample;  ///< sample->raw is `raw`; an error's detail is one line for a technician
};
using FrameSink = std::function<void(const Frame&)>;

/// Cuts a byte stream into frames of one indicator family and reads them. The same stream gives the same frames
/// whatever chunks it comes in. One per line; not thread-safe. Never throws.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual void feed(std::string_view bytes, const FrameSink& sink) = 0;
  /// The line fell silent or was re-opened: what is half a frame is given up (and said).
  virtual void reset(const FrameSink& sink) = 0;
};

/// A frame from the vendor's documents (domain.md) with what it says; tests and mock devices use them.
struct Example {
  std::string_view name;
  std::string_view hex;    ///< lower-case, no blanks
  bool good = true;        ///< false: must be refused
  std::string_view value;  ///< canonical decimal text, empty = none
  std::string_view unit;
  WeightMode mode = WeightMode::kUnknown;
  Tri stable = Tri::kUnknown;
  Tri zero = Tri::kUnknown;
  WeightRange range = WeightRange::kIn;
  std::string_view tare;
  std::string_view e;
};

/// What a mock indicator puts on the line. Value and tare in the profile's resolution.
struct Shown {
  Weight value;
  Weight tare;
  bool net = false, stable = true, zero = false, over = false;
  std::string_view unit = "kg";
  std::optional<Weight> e = std::nullopt;  ///< the display step, where the family carries it; nothing = 1 digit
};

/// One indicator family. A new one is one .cc file and one line in registry.cc.
struct Profile {
  std::string_view name;     ///< as in the configuration: "toledo"
  std::string_view title;    ///< for people
  std::string_view line;     ///< usual line, "9600 7E1"; what the configuration leaves out
  bool mask_parity = false;  ///< bit 7 may carry parity of a 7E1 line that is read as 8N1
  std::unique_ptr<Decoder> (*make)();
  std::span<const Example> (*examples)();
  /// The bytes of one frame; Errors: kOutOfRange where the family cannot show it.
  Result<std::string> (*encode)(const Shown& shown);
};

/// All families this version knows, by name.
std::span<const Profile> profiles();
/// Null where there is none.
const Profile* find_profile(std::string_view name);

}  // namespace edge::scale
