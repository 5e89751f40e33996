#include <algorithm>
#include <array>

#include "protocols/scale/families.h"

namespace edge::scale {

std::span<const Profile> profiles() {
  static const std::array kAll{kToledo, kToledoNoChecksum, kToledoShort, kToledoShortNoChecksum, kAnd,
                               kDini,   kDini3590,         kCas};
  return kAll;
}

const Profile* find_profile(std::string_view name) {
  const auto all = profiles();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Profile& profile) { return profile.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace edge::scale
