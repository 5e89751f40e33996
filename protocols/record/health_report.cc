#include "protocols/record/health_report.h"

#include <algorithm>

namespace edge {

HealthReport::HealthReport(std::chrono::milliseconds deadline) : deadline_(deadline) {}

void HealthReport::add(std::string_view check, bool passed, std::chrono::milliseconds latency) {
  checks_.emplace_back(check, passed && latency <= deadline_);
}

bool HealthReport::healthy() const {
  return !checks_.empty() &&
         std::all_of(checks_.begin(), checks_.end(), [](const auto& check) { return check.second; });
}

std::string_view HealthReport::status() const { return healthy() ? "healthy" : "degraded"; }

int HealthReport::http_status() const { return healthy() ? 200 : 503; }

}  // namespace edge
