#include "agent/adapters/frappe_sink/rate_limit.h"

#include <gtest/gtest.h>

#include "agent/adapters/frappe_sink/certificate_time.h"

namespace edge {
namespace {

TEST(RateLimitTest, WithoutARateNobodyWaits) {
  RateLimit limit;
  limit.spend(1 << 30, 5);
  EXPECT_EQ(limit.wait(5).count(), 0);
}

TEST(RateLimitTest, WhatWasSentIsPaidOffAtTheRate) {
  RateLimit limit;
  limit.set_rate(1'000, 1'000'000);
  EXPECT_EQ(limit.wait(1'000'000).count(), 0) << "the first goes at once";
  limit.spend(2'500, 1'000'000);
  EXPECT_EQ(limit.wait(1'000'000).count(), 2'500);
  EXPECT_EQ(limit.wait(1'001'000).count(), 1'500);
  limit.spend(500, 1'001'500);  // a heartbeat never waits, but counts
  EXPECT_EQ(limit.wait(1'001'500).count(), 1'500);
  EXPECT_EQ(limit.wait(1'003'000).count(), 0);
  EXPECT_EQ(limit.wait(1'000'000).count(), 0) << "a clock that goes back does no harm";
}

TEST(RateLimitTest, OnAverageNoMoreThanTheRate) {
  RateLimit limit;
  limit.set_rate(4'096, 7);
  std::int64_t now = 7, sent = 0;
  for (int n = 0; n < 1'000; ++n) {
    now += limit.wait(now).count();
    limit.spend(10'007, now);
    sent += 10'007;
  }
  now += limit.wait(now).count();
  const double rate = static_cast<double>(sent) * 1'000 / static_cast<double>(now - 7);
  EXPECT_LE(rate, 4'096);
  EXPECT_GE(rate, 4'090) << "a wait is a whole millisecond, rounded up";
}

TEST(RateLimitTest, AnIdleHourSavesNothingUp) {
  RateLimit limit;
  limit.set_rate(1'000, 0);
  limit.spend(1'000, 3'600'000);
  EXPECT_EQ(limit.wait(3'600'000).count(), 1'000);
}

TEST(RateLimitTest, ANewRateCountsFromNow) {
  RateLimit limit;
  limit.set_rate(1'000, 0);
  limit.spend(2'000, 0);
  limit.set_rate(100, 1'000);
  EXPECT_EQ(limit.wait(1'000).count(), 10'000);
  limit.set_rate(0, 1'000);
  EXPECT_EQ(limit.wait(1'000).count(), 0);
}

TEST(CertificateTime, NamesTheClockWhereItIsTheClock) {
  constexpr std::int64_t kYear = 365LL * 24 * 3600 * 1000;
  const std::string failure = "SSL certificate problem: certificate is not yet valid";
  EXPECT_EQ(explain_certificate_time(failure, kNotBefore + kYear, 0), failure) << "then it is the certificate";
  EXPECT_EQ(explain_certificate_time(failure, kNotBefore - kYear, 0),
            failure + ": this gateway's clock says 2025-01-01T00:00:00.000Z, but 2026-01-01T00:00:00.000Z has passed "
                      "already: set the clock. Readings are kept meanwhile");
  EXPECT_NE(explain_certificate_time(failure, kNotBefore + kYear, kNotBefore + 2 * kYear).find("set the clock"),
            std::string::npos)
      << "the server said a later time before";
}

}  // namespace
}  // namespace edge
