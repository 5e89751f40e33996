#include "protocols/record/health_report.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

using std::chrono::milliseconds;

TEST(HealthReport, IsDegradedWhileNothingWasChecked) {
  const HealthReport report(milliseconds(500));
  EXPECT_FALSE(report.healthy());
  EXPECT_EQ(report.status(), "degraded");
  EXPECT_EQ(report.http_status(), 503);
}

TEST(HealthReport, IsHealthyWhenEveryCheckPassedInTime) {
  HealthReport report(milliseconds(500));
  report.add("database", true, milliseconds(500));
  report.add("redis", true, milliseconds(0));
  EXPECT_TRUE(report.healthy());
  EXPECT_EQ(report.status(), "healthy");
  EXPECT_EQ(report.http_status(), 200);
}

TEST(HealthReport, AFailedCheckDegrades) {
  HealthReport report(milliseconds(500));
  report.add("database", true, milliseconds(1));
  report.add("redis", false, milliseconds(1));
  EXPECT_EQ(report.http_status(), 503);
  ASSERT_EQ(report.checks().size(), 2U);
  EXPECT_EQ(report.checks()[0], std::make_pair(std::string("database"), true));
  EXPECT_EQ(report.checks()[1], std::make_pair(std::string("redis"), false));
}

TEST(HealthReport, ALateAnswerIsAFailedCheck) {
  HealthReport report(milliseconds(500));
  report.add("database", true, milliseconds(501));
  EXPECT_FALSE(report.healthy());
  EXPECT_FALSE(report.checks()[0].second);
}

}  // namespace
}  // namespace edge
