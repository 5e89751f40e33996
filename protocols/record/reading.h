#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edge {

/// observation_type of a payload from which no metric could be read.
inline constexpr const char* kUnparsed = "unparsed";

/// One measured point as a decoder read it; not yet judged, not yet anybody's.
struct Reading {
  std::string metric;                 ///< lower-cased type, or kUnparsed
  int index = 0;                      ///< position in its message
  std::optional<std::string> value;   ///< canonical decimal text (decimal.h)
  std::string unit;                   ///< as sent; empty = none
  std::optional<std::int64_t> at_ms;  ///< the reading's own time, UTC ms, if it was readable
  std::string time_as_sent;           ///< the characters of its time, empty = none was sent
  std::string unique_id;              ///< an id its decoder declares unique for ever, else empty
  std::vector<std::string> faults;    ///< reasons (reason.h) that make it Invalid
};

}  // namespace edge
