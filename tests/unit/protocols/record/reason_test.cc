#include "protocols/record/reason.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(MakeReason, IsCodeOrCodeWithDetail) {
  EXPECT_EQ(make_reason("no_policy"), "no_policy");
  EXPECT_EQ(make_reason("critical_max", "35"), "critical_max:35");
}

TEST(MakeReason, TakesHostileDetail) {
  EXPECT_EQ(make_reason("bad_time", "a\r\nSet-Cookie: x"), "bad_time:a  Set-Cookie: x");
  EXPECT_EQ(make_reason("bad_time", "<img onerror=x>"), "bad_time:<img onerror=x>");
  EXPECT_EQ(make_reason("bad_time", "\xff\xfe"), "bad_time:??");
  EXPECT_EQ(make_reason("bad_time", std::string(500, 'x')), "bad_time:" + std::string(80, 'x'));
}

TEST(MakeReason, CountsCharactersNotBytes) {
  std::string arabic;
  for (int i = 0; i < 100; ++i) arabic += "\xd8\xad";
  const std::string reason = make_reason("bad_time", arabic);
  EXPECT_EQ(reason.size(), 9U + 160U);
  EXPECT_TRUE(is_reason(reason));
}

TEST(MakeReason, IsAReasonWhateverTheCode) {
  for (const std::string_view code : {"", "Bad Code", "a:b", "\xff", "x\ny"}) {
    EXPECT_TRUE(is_reason(make_reason(code, "detail"))) << code;
  }
  EXPECT_TRUE(is_reason(make_reason(std::string(100, 'c'))));
}

TEST(ReasonCode, IsEverythingBeforeTheColon) {
  EXPECT_EQ(reason_code("critical_max:35"), "critical_max");
  EXPECT_EQ(reason_code("a:b:c"), "a");
  EXPECT_EQ(reason_code("no_policy"), "no_policy");
  EXPECT_EQ(reason_code(""), "");
}

TEST(IsReason, ChecksCodeAndDetail) {
  for (const std::string& good : {std::string("a"), std::string("a_9:"), std::string("net_vs_declared:-3.79%"),
                                  std::string(40, 'a') + ":x", "a:" + std::string(80, 'x')}) {
    EXPECT_TRUE(is_reason(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string(":x"), std::string("A"), std::string("a b"), std::string(41, 'a'),
        "a:" + std::string(81, 'x'), std::string("a:x\ny"), std::string("a:\xe2\x80\xa8"), std::string("a:\xff")}) {
    EXPECT_FALSE(is_reason(bad)) << bad;
  }
}

}  // namespace
}  // namespace edge
