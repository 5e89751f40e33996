#include "agent/adapters/log/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace edge {
namespace {

struct Case {
  const char* name;
  std::string_view text;
  const char* want;
};
const Case kCases[] = {
    {"Plain", "delivery idle", "delivery idle"},
    {"Arabic", "\xD8\xAD\xD8\xB1", "\xD8\xAD\xD8\xB1"},
    {"LineBreak", "a\r\nb", "a\\x0d\\x0ab"},
    {"Escape", "\x1b[31mred", "\\x1b[31mred"},
    {"Nul", std::string_view("a\0b", 3), "a\\x00b"},
    {"Delete", "a\x7f", "a\\x7f"},
    {"C1", "a\xC2\x9B", "a\\x9b"},
    {"NoUtf8", "a\xFF\xFE", "a\\xff\\xfe"},
    {"Bidi",
     "a\xE2\x80\xAE"
     "b",
     "a\\u202eb"},
    {"LineSeparator",
     "a\xE2\x80\xA8"
     "b",
     "a\\u2028b"},
    {"Empty", "", ""},
};
class EscapeForLog : public testing::TestWithParam<Case> {};
TEST_P(EscapeForLog, ShowsWhatCouldDeceive) { EXPECT_EQ(escape_for_log(GetParam().text), GetParam().want); }
INSTANTIATE_TEST_SUITE_P(Texts, EscapeForLog, testing::ValuesIn(kCases),
                         [](const auto& each) { return each.param.name; });

TEST(RepeatFilter, SaysOnceThenEveryTenMinutesWithTheCount) {
  RepeatFilter filter;
  EXPECT_EQ(filter.pass("sync", "timeout", 1'000), "timeout");
  for (int n = 0; n < 5; ++n) EXPECT_EQ(filter.pass("sync", "timeout", 2'000), std::nullopt);
  EXPECT_EQ(filter.pass("policy", "timeout", 2'000), "timeout");
  EXPECT_EQ(filter.pass("sync", "timeout", 1'000 + RepeatFilter::kAgainMs), "timeout (5 times more)");
  EXPECT_EQ(filter.pass("sync", "refused", 1'000 + RepeatFilter::kAgainMs), "refused");
}

TEST(RepeatFilter, TroubleThatEndedIsNewsAgainAfterAMinute) {
  RepeatFilter filter;
  EXPECT_EQ(filter.pass("sync", "timeout", 1), "timeout");
  EXPECT_EQ(filter.pass("sync", "", 2), std::nullopt);
  EXPECT_EQ(filter.pass("sync", "timeout", 3), std::nullopt) << "up and down: one trouble";
  EXPECT_EQ(filter.pass("sync", "", 4), std::nullopt);
  EXPECT_EQ(filter.pass("sync", "timeout", 1 + RepeatFilter::kBackMs), "timeout (1 times more)");
}

TEST(RepeatFilter, AnHourOfFailuresIsAFewLines) {
  RepeatFilter filter;
  int lines = 0, flapping = 0;
  for (int second = 0; second < 3'600; ++second) {
    const auto text = "Failed to connect to 127.0.0.1 port 8000 after " + std::to_string(second * 7 % 1'000) + " ms";
    lines += filter.pass("sync", text, second * 1'000) ? 1 : 0;
    (void)filter.pass("policy", second % 2 == 0 ? "" : text, second * 1'000);
    flapping += filter.pass("epoch", second % 2 == 0 ? "" : text, second * 1'000) ? 1 : 0;
  }
  EXPECT_EQ(lines, 6);
  EXPECT_LE(flapping, 61);
}

TEST(RepeatFilter, ForgetsRatherThanGrow) {
  RepeatFilter filter;
  std::string key = "a";
  for (std::size_t n = 0; n < 3 * RepeatFilter::kKeys; ++n, key += 'a') EXPECT_TRUE(filter.pass(key, "x", 0));
  EXPECT_FALSE(filter.pass(key.substr(1), "x", 1));
}

TEST(Log, WritesOneLineAnEvent) {
  testing::internal::CaptureStderr();
  {
    Log log("info", "text", [] { return 0; });
    log.debug("hidden");
    log.info("{} fmt marks and\nline breaks stay text");
    log.set_level("error");
    log.warning("hidden");
  }
  const auto out = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(out.ends_with("Z info {} fmt marks and\\x0aline breaks stay text\n")) << out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

TEST(Log, NewsOfTwoScalesAreTwo) {
  testing::internal::CaptureStderr();
  {
    Log log("info", "text", [] { return 0; });
    log.news("scale ws1: no frame for 1500 ms");
    log.news("scale ws2: no frame for 1500 ms");
    log.news("scale ws1: no frame for 3071 ms");
  }
  const auto out = testing::internal::GetCapturedStderr();
  EXPECT_NE(out.find("ws2"), std::string::npos) << out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2) << out;
}

TEST(Log, JsonLinesCanBeParsed) {
  testing::internal::CaptureStderr();
  {
    Log("info", "json", [] { return 0; }).error("quote \" backslash \\ %v \x1b");
  }
  const auto line = nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["message"], "quote \" backslash \\ %v \\x1b");
}

}  // namespace
}  // namespace edge
