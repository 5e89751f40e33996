#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edge::mock {

/// How a line misbehaves. The first group is for streams, the second for Modbus, silence and unplug are for both.
struct Fault {
  std::string kind;
  std::optional<int> unit;              ///< only this Modbus slave
  int every = 1;                        ///< each so many-th frame or answer
  std::int64_t count = -1;              ///< so often, then no more; -1 = until it is cleared
  std::chrono::milliseconds delay{0};   ///< late
  std::chrono::milliseconds spread{0};  ///< late: up to so much more, in turn
  std::string value;                    ///< late: what the late answer says
  int code = 4;                         ///< exception
  std::int64_t seen = 0, hits = 0;
};

constexpr std::array<std::string_view, 4> kStreamFaults{"bad_checksum", "split", "garbage", "cut"};
constexpr std::array<std::string_view, 6> kModbusFaults{"late",      "dead",       "wrong_crc",
                                                        "exception", "wrong_unit", "short"};
constexpr std::array<std::string_view, 2> kLineFaults{"silence", "unplug"};

/// The faults that are on.
class Faults {
 public:
  /// Replaces one of the same kind and unit.
  void add(Fault fault);
  void remove(std::string_view kind, std::optional<int> unit);
  void clear() { faults_.clear(); }

  /// The fault for this frame or answer, counted; null = none. The one added first counts.
  const Fault* take(std::optional<int> unit = std::nullopt);
  bool on(std::string_view kind) const;

 private:
  std::vector<Fault> faults_;
};

}  // namespace edge::mock
