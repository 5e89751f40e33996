#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace edge {

/// Sees when the server turns records down as a rule rather than one by one (design.md §7): more than half of at least
/// 100 records in 5 minutes, with one code, from more than half of the devices that sent. A server's fault must not
/// drain the store into dead letters. Devices and codes are counted up to a bound, of either the first to come: a flood of
/// made-up names must not fill memory. Not thread-safe.
class RejectionWatch {
 public:
  static constexpr std::int64_t kWindowMs = 300'000;
  static constexpr std::int64_t kLeastRecords = 100;
  static constexpr std::size_t kMostDevices = 256;  ///< of a slice of ten seconds
  static constexpr std::size_t kMostCodes = 32;     ///< the same

  /// One record the server has ruled on; `code` empty = it was taken.
  void add(std::int64_t mono_ms, std::string_view site, std::string_view device, std::string_view code);
  /// The code most of them were rejected with, if that is the rule now.
  std::optional<std::string> tripped(std::int64_t mono_ms);
  /// Names and codes kept now.
  std::size_t names() const;
  void clear() { slices_.clear(); }

 private:
  using Devices = std::set<std::string, std::less<>>;
  struct Tally {
    std::int64_t records = 0;
    Devices devices;
  };
  struct Slice {
    std::int64_t from = 0;  ///< mono ms
    Tally all;
    std::map<std::string, Tally, std::less<>> rejected;
  };
  void forget(std::int64_t mono_ms);

  std::deque<Slice> slices_;
};

}  // namespace edge
