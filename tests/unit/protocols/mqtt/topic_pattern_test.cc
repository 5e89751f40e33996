#include "protocols/mqtt/topic_pattern.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(TopicPattern, MatchesOurOwnTopic) {
  const auto pattern = TopicPattern::parse("yam/{site}/{device}/observation");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->subscription(), "yam/+/+/observation");
  EXPECT_EQ(pattern->text(), "yam/{site}/{device}/observation");
  const auto match = pattern->match("yam/silo-a/bin3-t1/observation");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->site, "silo-a");
  EXPECT_EQ(match->device, "bin3-t1");
}

TEST(TopicPattern, MatchesWholeTopicsOnly) {
  const auto pattern = TopicPattern::parse("yam/{site}/{device}/observation");
  for (const char* const topic : {"", "/", "yam", "yam/a/b", "yam/a/b/observation/", "yam/a/b/observation/x",
                                  "/yam/a/b/observation", "YAM/a/b/observation", "yam/a/b/c/observation",
                                  "yam//b/observation", "yam/a//observation", "yam/a/b/Observation"}) {
    EXPECT_FALSE(pattern->match(topic)) << topic;
  }
}

TEST(TopicPattern, HandsHostileIdsToTheCaller) {
  const auto match = TopicPattern::parse("t/{device}")->match("t/<img onerror>\r\n");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->device, "<img onerror>\r\n");
  EXPECT_EQ(match->site, "");
}

TEST(TopicPattern, DeviceMayStandBeforeSiteOrAlone) {
  const auto match = TopicPattern::parse("{device}/at/{site}")->match("d/at/s");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->device, "d");
  EXPECT_EQ(match->site, "s");
  EXPECT_EQ(TopicPattern::parse("{device}")->match("d")->device, "d");
}

TEST(TopicPattern, RefusesWhatCannotBeASubscription) {
  for (const std::string_view bad :
       {"", "/", "/yam/{device}", "yam/{device}/", "yam//{device}", "yam/{site}/observation", "yam/+/{device}",
        "yam/#/{device}", "yam/{device}/#", "{device}/{device}", "{site}/{site}/{device}", "x{device}", "{device}x",
        "{device}/{other}", "{device}/{", "{device}/a\nb", "{device}/\xff"}) {
    const auto pattern = TopicPattern::parse(bad);
    ASSERT_FALSE(pattern) << bad;
    EXPECT_EQ(pattern.error().code, Errc::kMalformed);
    EXPECT_EQ(pattern.error().detail.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace edge
