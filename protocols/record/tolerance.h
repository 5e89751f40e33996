#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edge {

/// One Site Tolerance Policy as pulled (wire.md §5). Numbers are canonical decimal text.
struct TolerancePolicy {
  std::string name;
  std::string version;  ///< `modified` in UTC ms, as text
  std::string site;
  std::string tolerance_pct = "2.5";
  std::optional<std::string> tolerance_kg;  ///< both limits must be passed where it is set
  std::optional<std::int64_t> from, to;     ///< UTC ms, from inclusive, to exclusive; nothing = open
  std::optional<std::string> tare_drift_pct;
  std::optional<std::int64_t> stored_tare_max_days;
};

/// The tolerance policies tickets are judged by. A value: build a new one and swap it.
class ToleranceBook {
 public:
  ToleranceBook() = default;
  explicit ToleranceBook(std::vector<TolerancePolicy> policies) : policies_(std::move(policies)) {}

  /// The policy of the site whose period holds `at`; of several the one that begins last, the first of those
  /// that begin together. Null: 2.5 % without a version (wire.md §5).
  const TolerancePolicy* find(std::string_view site, std::int64_t at) const;
  const std::vector<TolerancePolicy>& policies() const { return policies_; }

 private:
  std::vector<TolerancePolicy> policies_;
};

}  // namespace edge
