#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edge {

/// 2001-01-01 and 2100-01-01 in UTC ms: a device time outside is not usable (wire.md §3).
inline constexpr std::int64_t kEarliestTime = 978307200000;
inline constexpr std::int64_t kLatestTime = 4102444800000;
/// How far ahead of a synced gateway clock a device time may be.
inline constexpr std::int64_t kFutureLimitMs = 24LL * 3600 * 1000;

/// UTC ms of an RFC 3339 / ISO 8601 instant with zone ("2026-02-23T10:00:00Z", "…10:00:00.123456789+03:00", a
/// blank for the T, "+0300"); digits below the millisecond are cut. Nothing where it is no such instant, has no
/// zone or names a day that does not exist. A leap second reads as the second before.
std::optional<std::int64_t> parse_instant(std::string_view text);

/// "2026-02-23T10:00:00.000Z"; a time beyond the years 0000 to 9999 is written as the nearest end.
std::string format_instant(std::int64_t utc_ms);

/// UTC ms of a Unix time in seconds or milliseconds, a number as somebody wrote it: above 1e11 it is milliseconds.
/// Digits below the millisecond are cut.
std::optional<std::int64_t> parse_unix(std::string_view decimal);

}  // namespace edge
