#include "protocols/record/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "protocols/record/decimal.h"

namespace edge {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: what four digits of a year can say.
constexpr std::int64_t kFirstMs = -62'167'219'200'000;
constexpr std::int64_t kLastMs = 253'402'300'799'999;

/// Reads a text from its front; a failed step makes all that follow fail.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') return fail();
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  /// One of `chars`, which it returns, else 0 and failure.
  char any_of(std::string_view chars) {
    const char c = peek();
    if (c == 0 || chars.find(c) == std::string_view::npos) {
      fail();
      return 0;
    }
    rest_.remove_prefix(1);
    return c;
  }
  char peek() const { return rest_.empty() ? '\0' : rest_[0]; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  int fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// ".123456" as 123; absent as 0.
int fraction_ms(Scanner& scan) {
  if (scan.peek() != '.' && scan.peek() != ',') return 0;
  scan.any_of(".,");
  int ms = 0;
  int weight = 100;
  do {
    ms += scan.digits(1) * weight;
    weight /= 10;
  } while (scan.peek() >= '0' && scan.peek() <= '9');
  return ms;
}

/// Minutes east of UTC of "Z", "+05:30", "-0330".
std::optional<int> zone_minutes(Scanner& scan) {
  const char sign = scan.any_of("Zz+-");
  if (sign == 'Z' || sign == 'z') return 0;
  const int hours = scan.digits(2);
  if (scan.peek() == ':') scan.any_of(":");
  const int minutes = scan.digits(2);
  if (!scan.ok() || hours > 23 || minutes > 59) return std::nullopt;
  return (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
}

std::optional<std::int64_t> day_ms(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count() * kDayMs;
}

}  // namespace

std::optional<std::int64_t> parse_instant(std::string_view text) {
  Scanner scan(text);
  const int year = scan.digits(4);
  scan.any_of("-");
  const int month = scan.digits(2);
  scan.any_of("-");
  const int day = scan.digits(2);
  scan.any_of("Tt ");
  const int hour = scan.digits(2);
  scan.any_of(":");
  const int minute = scan.digits(2);
  scan.any_of(":");
  const int second = scan.digits(2);
  const int ms = fraction_ms(scan);
  const auto zone = zone_minutes(scan);
  if (!scan.done() || !zone || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto date = day_ms(year, month, day);
  if (!date) return std::nullopt;
  const std::int64_t minutes = std::int64_t{hour} * 60 + minute - *zone;
  // A leap second stands only at the end of a UTC day.
  if (second == 60 && ((minutes % 1440) + 1440) % 1440 != 1439) return std::nullopt;
  return *date + (minutes * 60 + std::min(second, 59)) * 1000 + ms;
}

std::string format_instant(std::int64_t utc_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds{std::clamp(utc_ms, kFirstMs, kLastMs)}};
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const auto rest = (at - midnight).count();
  std::array<char, 64> out;
  const int size = std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
                                 unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(rest / 3'600'000),
                                 static_cast<int>(rest / 60'000 % 60), static_cast<int>(rest / 1000 % 60),
                                 static_cast<int>(rest % 1000));
  return {out.data(), static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> parse_unix(std::string_view decimal) {
  const auto written = written_out(decimal);
  if (!written) return std::nullopt;
  const std::size_t point = std::min(written->find('.'), written->size());
  std::int64_t whole = 0;
  const auto read = std::from_chars(written->data(), written->data() + point, whole);
  if (read.ec != std::errc{} || read.ptr != written->data() + point) return std::nullopt;
  constexpr std::int64_t kMillisecondsFrom = 100'000'000'000;  // 1e11 s is the year 5138, 1e11 ms is 1973
  std::string fraction = point < written->size() ? written->substr(point + 1) : "";
  const bool has_fraction = fraction.find_first_not_of('0') != std::string::npos;
  const bool above = whole > kMillisecondsFrom || (whole == kMillisecondsFrom && has_fraction);
  if (above || whole < -kMillisecondsFrom) return whole;
  fraction.resize(3, '0');
  int ms = 0;
  std::from_chars(fraction.data(), fraction.data() + 3, ms);
  return whole * 1000 + (written->front() == '-' ? -ms : ms);
}

}  // namespace edge
