#include "protocols/record/time.h"

#include <gtest/gtest.h>

#include <limits>

namespace edge {
namespace {

struct Case {
  const char* name;
  std::string_view text;
  std::optional<std::int64_t> want;
};
constexpr auto kNo = std::nullopt;
const Case kCases[] = {
    {"Wire", "2026-02-23T10:00:00Z", 1771840800000},
    {"LowerCase", "2026-02-23t10:00:00z", 1771840800000},
    {"Blank", "2026-02-23 10:00:00Z", 1771840800000},
    {"Milliseconds", "2026-02-23T10:00:00.412Z", 1771840800412},
    {"OneDigit", "2026-02-23T10:00:00.4Z", 1771840800400},
    {"NanosecondsAreCut", "2026-02-23T10:00:00.412999999Z", 1771840800412},
    {"CommaFraction", "2026-02-23T10:00:00,412Z", 1771840800412},
    {"PlusThree", "2026-02-23T13:00:00+03:00", 1771840800000},
    {"India", "2026-02-23T15:30:00+05:30", 1771840800000},
    {"WithoutColon", "2026-02-23T13:00:00+0300", 1771840800000},
    {"Newfoundland", "2026-02-23T06:30:00-03:30", 1771840800000},
    {"UnknownOffset", "2026-02-23T10:00:00-00:00", 1771840800000},
    {"OverMidnight", "2026-02-24T00:30:00+14:30", 1771840800000},
    {"ChirpStack", "2022-07-18T09:34:15.775023242+00:00", 1658136855775},
    {"Epoch", "1970-01-01T00:00:00Z", 0},
    {"BeforeEpoch", "1969-12-31T23:59:59.999Z", -1},
    {"LeapDay", "2024-02-29T00:00:00Z", 1709164800000},
    {"NoLeapDay", "2023-02-29T00:00:00Z", kNo},
    {"CenturyIsNoLeapYear", "2100-02-29T00:00:00Z", kNo},
    {"FourthCenturyIs", "2000-02-29T00:00:00Z", 951782400000},
    {"LeapSecond", "2016-12-31T23:59:60Z", 1483228799000},
    {"LeapSecondInAZone", "2017-01-01T02:59:60.5+03:00", 1483228799500},
    {"NoLeapSecondAtNoon", "2016-12-31T12:00:60Z", kNo},
    {"FirstYear", "0000-01-01T00:00:00Z", -62167219200000},
    {"LastYear", "9999-12-31T23:59:59.999Z", 253402300799999},
    {"Earliest", "2001-01-01T00:00:00Z", kEarliestTime},
    {"Latest", "2100-01-01T00:00:00Z", kLatestTime},
    {"NoZone", "2026-02-23T10:00:00", kNo},
    {"NoSeconds", "2026-02-23T10:00Z", kNo},
    {"DateOnly", "2026-02-23", kNo},
    {"Month13", "2026-13-01T00:00:00Z", kNo},
    {"Month0", "2026-00-01T00:00:00Z", kNo},
    {"Day0", "2026-01-00T00:00:00Z", kNo},
    {"June31", "2026-06-31T00:00:00Z", kNo},
    {"Hour24", "2026-02-23T24:00:00Z", kNo},
    {"Minute60", "2026-02-23T10:60:00Z", kNo},
    {"Second61", "2026-02-23T10:00:61Z", kNo},
    {"Zone24", "2026-02-23T10:00:00+24:00", kNo},
    {"ZoneMinute60", "2026-02-23T10:00:00+01:60", kNo},
    {"ZoneHoursOnly", "2026-02-23T10:00:00+03", kNo},
    {"EmptyFraction", "2026-02-23T10:00:00.Z", kNo},
    {"Trailing", "2026-02-23T10:00:00Z ", kNo},
    {"Leading", " 2026-02-23T10:00:00Z", kNo},
    {"TwoDigitYear", "26-02-23T10:00:00Z", kNo},
    {"FiveDigitYear", "12026-02-23T10:00:00Z", kNo},
    {"Sign", "-2026-02-23T10:00:00Z", kNo},
    {"Empty", "", kNo},
    {"Word", "yesterday", kNo},
    {"Nul", std::string_view("2026-02-23T10:00:00\0", 20), kNo},
};
class ParseInstant : public testing::TestWithParam<Case> {};
TEST_P(ParseInstant, ReadsInstantsWithZone) { EXPECT_EQ(parse_instant(GetParam().text), GetParam().want); }
INSTANTIATE_TEST_SUITE_P(Texts, ParseInstant, testing::ValuesIn(kCases),
                         [](const auto& row) { return row.param.name; });

TEST(ParseInstant, TakesAFractionOfAnyLength) {
  EXPECT_EQ(parse_instant("2026-02-23T10:00:00.1234" + std::string(100'000, '9') + "Z"), 1771840800123);
}

TEST(FormatInstant, WritesMilliseconds) {
  EXPECT_EQ(format_instant(1771840800000), "2026-02-23T10:00:00.000Z");
  EXPECT_EQ(format_instant(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_instant(1709164800412), "2024-02-29T00:00:00.412Z");
}

TEST(FormatInstant, IsTotal) {
  EXPECT_EQ(format_instant(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_instant(std::numeric_limits<std::int64_t>::min()), "0000-01-01T00:00:00.000Z");
}

TEST(FormatInstant, IsReadBack) {
  for (const std::int64_t at : {-62167219200000, -1L, 0L, 1L, 951782399999, 1771840800412, 253402300799999}) {
    EXPECT_EQ(parse_instant(format_instant(at)), at);
  }
}

const Case kUnixCases[] = {
    {"Seconds", "1771840800", 1771840800000},
    {"Milliseconds", "1771840800412", 1771840800412},
    {"FractionOfSeconds", "1771840800.412", 1771840800412},
    {"FractionIsCut", "1771840800.4129", 1771840800412},
    {"FractionOfMilliseconds", "1771840800412.9", 1771840800412},
    {"Exponent", "1.7718408e9", 1771840800000},
    {"ExponentMilliseconds", "1.771840800412e12", 1771840800412},
    {"Zero", "0", 0},
    {"LastSecond", "100000000000", 100000000000000},
    {"FirstMillisecond", "100000000001", 100000000001},
    {"JustAbove", "100000000000.5", 100000000000},
    {"Negative", "-1.5", -1500},
    {"BelowASecond", "-0.5", -500},
    {"Nanoseconds", "1771840800412000000", 1771840800412000000},
    {"BeyondInt64", "99999999999999999999", kNo},
    {"Instant", "2026-02-23T10:00:00Z", kNo},
    {"Word", "now", kNo},
    {"Comma", "1771840800,5", kNo},
    {"Empty", "", kNo},
};
class ParseUnix : public testing::TestWithParam<Case> {};
TEST_P(ParseUnix, TellsSecondsFromMilliseconds) { EXPECT_EQ(parse_unix(GetParam().text), GetParam().want); }
INSTANTIATE_TEST_SUITE_P(Numbers, ParseUnix, testing::ValuesIn(kUnixCases),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace edge
