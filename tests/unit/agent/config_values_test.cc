#include "agent/config_values.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

using std::chrono::milliseconds;

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("30s"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("5m"), milliseconds(300'000));
  EXPECT_EQ(parse_duration("2h"), milliseconds(7'200'000));
  EXPECT_EQ(parse_duration("7d"), milliseconds(604'800'000));
}

TEST(Duration, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "30", "s", "-1s", "1.5s", "1 s", "1S", "1sec", "9223372036854775807d", "99999999999999999999s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Size, ReadsUnitsAndRefusesWhatIsNone) {
  EXPECT_EQ(parse_size("0MiB"), 0);
  EXPECT_EQ(parse_size("8GiB"), 8LL << 30);
  for (const auto* text : {"", "8", "8GB", "GiB", "8 GiB", "-8GiB", "9999999999TiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Rate, IsASizeASecond) {
  EXPECT_EQ(parse_rate("64KiB/s"), 64LL << 10);
  for (const auto* text : {"", "/s", "64KiB", "64KiB/m", "64/s", "64KiB/s/s", "-1KiB/s"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(UrlText, SplitsIntoParts) {
  const auto url = parse_url("HTTPS://erp.example.org:8443/base/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "erp.example.org");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/base");
  EXPECT_EQ(parse_url("mqtt://[::1]:1883")->host, "::1");
}

TEST(UrlText, RefusesWhatCouldMislead) {
  for (const auto* text : {"", "erp.example.org", "https://", "https://a@b", "https://a?x", "https://a#x",
                           "https://a b", "https://a\r\nX:", "https://a:99999", "https://a:0", "https://a:",
                           "https://[::1", "https://[a]", "https://a:1:2", "https://a\\b", "https://\xC3\xA9"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Loopback, IsJudgedByAddressNotByLook) {
  for (const auto* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) EXPECT_TRUE(is_loopback(host)) << host;
  for (const auto* host :
       {"127.evil.example.org", "127.0.0.1.example.org", "0.0.0.0", "128.0.0.1", "::", "localhost.x"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace edge
