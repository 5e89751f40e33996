#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/reading.h"
#include "protocols/result.h"

namespace edge {

/// Limits that keep a hostile payload cheap.
inline constexpr std::size_t kPayloadLimit = 1 << 20;  ///< bytes
inline constexpr int kPayloadDepth = 16;
inline constexpr std::size_t kReadingLimit = 1000;  ///< readings of one message

/// Where a JSON object of another shape keeps its parts: JSON pointers (RFC 6901), fixed texts for metric and
/// unit. All empty: our own shape {"metric","value","unit","ts"}.
struct JsonShape {
  std::string value;   ///< pointer, e.g. "/temp"
  std::string time;    ///< pointer
  std::string id;      ///< pointer to an id that is unique for ever
  std::string metric;  ///< the metric itself, e.g. "temperature"
  std::string unit;    ///< the unit itself, e.g. "C"
};

/// Decodes one plain JSON payload: an object or an array of objects (wire.md §1, domain.md §4).
///
/// Times: RFC 3339 with zone, Unix seconds or milliseconds (number or text). Numbers may stand in strings; their
/// characters are kept. NaN, Infinity, "unavailable", null, true, a comma decimal: a reading without value whose
/// faults say why. Errors: kMalformed (no JSON, no object, no metric), kTooLarge (bytes, depth, count): the
/// message as a whole is undecodable; detail says why in words for a person.
Result<std::vector<Reading>> decode_json(std::string_view payload, const JsonShape& shape = {});

}  // namespace edge
