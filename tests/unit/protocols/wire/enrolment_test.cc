#include "protocols/wire/enrolment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edge::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAnswer =
    R"({"message":{"gateway":"gw-silo-a","epoch":"1","key_id":"k1","secret":"0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",)"
    R"("sites":["silo-a","silo-b"],"url":"https://erp.example.org","server_time":1771840801210}})";

TEST(Enrolment, ReadsTheAnswer) {
  const auto got = parse_enrolment(kAnswer);
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->gateway, "gw-silo-a");
  EXPECT_EQ(got->epoch, "1");
  EXPECT_EQ(got->key_id, "k1");
  EXPECT_EQ(got->secret.size(), 43U);
  EXPECT_THAT(got->sites, ElementsAre("silo-a", "silo-b"));
  EXPECT_EQ(got->url, "https://erp.example.org");
  EXPECT_EQ(got->server_time, 1771840801210);
}

TEST(Enrolment, RefusesWhatIsMissingOrOddWithoutTellingTheSecret) {
  for (const auto& [from, to] : {std::pair{"\"gw-silo-a\"", "\"gw silo\""}, std::pair{"\"1\"", "\"p0000000\""},
                                 std::pair{"\"k1\"", "\"k:1\""}, std::pair{"0123456789abcdefghijklmnopqrstuvw", "short"},
                                 std::pair{"\"silo-b\"", "7"}, std::pair{"\"sites\"", "\"x\""},
                                 std::pair{"\"message\"", "\"exc\""}}) {
    std::string text = kAnswer;
    text.replace(text.find(from), std::string(from).size(), to);
    const auto got = parse_enrolment(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, Errc::kMalformed);
    EXPECT_THAT(got.error().detail, Not(HasSubstr("xyzABCDEFG")));
  }
  EXPECT_FALSE(parse_enrolment("<html>"));
}

TEST(Enrolment, EncodesTheQuestion) {
  EXPECT_EQ(encode(EnrolmentRequest{"7K3M9Q2XHD", "gw\"1", "0.1.0"}),
            R"({"code":"7K3M9Q2XHD","host":"gw\"1","version":"0.1.0"})");
}

}  // namespace
}  // namespace edge::wire
