#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace edge {

/// This program did not exist before 2026-01-01, UTC ms: a clock that says so is wrong.
inline constexpr std::int64_t kNotBefore = 1'767'225'600'000;

/// The words for a certificate that is not valid yet or any more at `now` (UTC ms): where the clock is behind `known`, a
/// moment that has certainly passed, the clock is what has to be set. `failure` itself otherwise.
std::string explain_certificate_time(std::string_view failure, std::int64_t now, std::int64_t known);

}  // namespace edge
