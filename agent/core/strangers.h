#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace edge {

/// Devices the site's list does not know, as many as are let in: each is kept as Quarantine `unknown_device`, and a flood
/// of made-up names must fill neither memory nor disk. Not thread-safe.
class Strangers {
 public:
  static constexpr std::size_t kMost = 1'000;                    ///< names in one day
  static constexpr std::int64_t kForgetMs = 24LL * 3600 * 1000;  ///< after the first of them

  /// False for a name too many.
  bool admit(std::string_view site, std::string_view device, std::int64_t mono_ms);

 private:
  std::set<std::string, std::less<>> names_;
  std::int64_t since_ = 0;
};

}  // namespace edge
