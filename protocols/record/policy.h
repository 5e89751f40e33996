#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace edge {

/// A closed interval; a missing end is no limit. Its ends belong to the better class.
struct Band {
  std::optional<std::string> min;  ///< canonical decimal text
  std::optional<std::string> max;
};

/// One Observation Threshold Policy as pulled (wire.md §5). Limits keep the text of Desk, so that a reason
/// quotes what a person typed.
struct Policy {
  std::string name;
  std::string version;  ///< `modified` in UTC ms, as text
  std::string site;
  std::string type;  ///< exact observation type or "*"
  std::string unit;  ///< empty = any
  Band warning;
  Band critical;
  Band valid;  ///< the sensor's span
  std::optional<std::string> rate_per_hour_max, spike_max, flatline_hours, flatline_eps;
  std::optional<std::string> clear_hysteresis;
  std::optional<long long> stale_after_min, on_delay_s;
};

/// The policies and known devices that judge readings. A value: build a new one and swap it.
class PolicyBook {
 public:
  PolicyBook() = default;
  explicit PolicyBook(std::vector<Policy> policies);

  /// The active policy of the site and exact type, else of "*", else null.
  const Policy* find(std::string_view site, std::string_view type) const;

  /// Until a device list has been set no device is unknown.
  void set_devices(std::vector<std::pair<std::string, std::string>> site_and_device);
  bool has_devices() const { return devices_.has_value(); }
  bool is_unknown(std::string_view site, std::string_view device) const;
  const std::vector<Policy>& policies() const { return policies_; }

 private:
  using Key = std::pair<std::string_view, std::string_view>;
  using Stored = std::pair<std::string, std::string>;
  // Stored keys are found by views, so that judging a reading builds no strings.
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(const Key& key) const;
    std::size_t operator()(const Stored& key) const { return (*this)(Key{key.first, key.second}); }
  };
  struct KeyEqual {
    using is_transparent = void;
    bool operator()(const Stored& a, const Stored& b) const { return a == b; }
    bool operator()(const Key& a, const Stored& b) const { return a.first == b.first && a.second == b.second; }
    bool operator()(const Stored& a, const Key& b) const { return (*this)(b, a); }
  };

  std::vector<Policy> policies_;
  std::unordered_map<Stored, std::size_t, KeyHash, KeyEqual> by_key_;
  std::optional<std::unordered_set<Stored, KeyHash, KeyEqual>> devices_;
};

}  // namespace edge
