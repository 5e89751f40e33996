#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edge {

/// The health-check answer (the operations playbook's shape): each probe's outcome and latency in, one verdict out.
///
/// A probe that answered after its deadline counts as failed: an answer nobody waited for is no health.
class HealthReport {
 public:
  /// `deadline`: how late a probe may be.
  explicit HealthReport(std::chrono::milliseconds deadline);

  void add(std::string_view check, bool passed, std::chrono::milliseconds latency);

  /// True when every check that was added passed in time; false when none was added.
  bool healthy() const;
  /// "healthy" or "degraded".
  std::string_view status() const;
  /// 200 or 503.
  int http_status() const;
  /// In the order added.
  const std::vector<std::pair<std::string, bool>>& checks() const { return checks_; }

 private:
  std::chrono::milliseconds deadline_;
  std::vector<std::pair<std::string, bool>> checks_;
};

}  // namespace edge
