#pragma once
#include <string_view>

namespace edge {

/// The project's version (CMakeLists.txt).
inline constexpr std::string_view kVersion = EDGE_VERSION;

}  // namespace edge
