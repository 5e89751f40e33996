#include "agent/core/strangers.h"

namespace edge {

bool Strangers::admit(std::string_view site, std::string_view device, std::int64_t mono_ms) {
  if (!names_.empty() && mono_ms - since_ >= kForgetMs) names_.clear();
  if (names_.empty()) since_ = mono_ms;
  std::string name;
  name.append(site).append("/").append(device);
  if (names_.contains(name)) return true;
  if (names_.size() >= kMost) return false;
  names_.insert(std::move(name));
  return true;
}

}  // namespace edge
