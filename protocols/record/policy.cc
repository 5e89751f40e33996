#include "protocols/record/policy.h"

#include <cstdint>
#include <cstring>

namespace edge {
namespace {

/// Eight bytes a step, as in FNV-1a. Ids are short, and what a person can enter in Desk is no attack.
std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t step = text.size();
  hash = (hash ^ step) * kPrime;
  for (; text.size() >= sizeof step; text.remove_prefix(sizeof step)) {
    std::memcpy(&step, text.data(), sizeof step);
    hash = (hash ^ step) * kPrime;
    hash ^= hash >> 32U;  // the table takes the low bits; multiplying carries upward only
  }
  step = 0;
  for (const char c : text) step = step << 8U | static_cast<unsigned char>(c);
  hash = (hash ^ step) * kPrime;
  return hash ^ hash >> 32U;
}

}  // namespace

std::size_t PolicyBook::KeyHash::operator()(const Key& key) const {
  return static_cast<std::size_t>(mixed(mixed(0xcbf29ce484222325, key.first), key.second));
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
