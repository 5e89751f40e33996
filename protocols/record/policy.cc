#include "protocols/record/policy.h"

#include <functional>

namespace edge {

std::size_t PolicyBook::KeyHash::operator()(const Key& key) const {
  constexpr std::hash<std::string_view> kHash;
  return kHash(key.first) * 31 + kHash(key.second);
}

PolicyBook::PolicyBook(std::vector<Policy> policies) : policies_(std::move(policies)) {
  // Desk refuses two active policies for one (site, type); should they come, the first judges.
  for (std::size_t i = 0; i < policies_.size(); ++i) by_key_.try_emplace({policies_[i].site, policies_[i].type}, i);
}

const Policy* PolicyBook::find(std::string_view site, std::string_view type) const {
  auto at = by_key_.find(Key{site, type});
  if (at == by_key_.end()) at = by_key_.find(Key{site, "*"});
  return at == by_key_.end() ? nullptr : &policies_[at->second];
}

void PolicyBook::set_devices(std::vector<std::pair<std::string, std::string>> site_and_device) {
  devices_.emplace();
  for (auto& device : site_and_device) devices_->insert(std::move(device));
}

bool PolicyBook::is_unknown(std::string_view site, std::string_view device) const {
  return devices_ && devices_->find(Key{site, device}) == devices_->end();
}

}  // namespace edge
