#include "protocols/record/ticket.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(TicketNumber, HasSixDigitsAtLeast) {
  EXPECT_EQ(ticket_number("silo-a", "S1", "3", 207), "silo-a-S1-3-000207");
  EXPECT_EQ(ticket_number("silo-a", "S1", "p5f0c9a1e", 1), "silo-a-S1-p5f0c9a1e-000001");
  EXPECT_EQ(ticket_number("x", "W", "12", 1'234'567), "x-W-12-1234567");
}

struct NumberCase {
  const char* name;
  std::string_view number;
  std::string_view series;  ///< empty: not one of ours
  std::int64_t serial;
};
const NumberCase kNumbers[] = {
    {"OfTheWire", "silo-a-S1-3-000207", "silo-a-S1-3", 207},
    {"Provisional", "silo-a-S1-p5f0c9a1e-000001", "silo-a-S1-p5f0c9a1e", 1},
    {"SiteWithoutDash", "x-W-12-999999", "x-W-12", 999'999},
    {"SevenDigits", "x-W-12-1234567", "x-W-12", 1'234'567},
    {"SiteWithManyDashes", "a-b-c-S1-1-000001", "a-b-c-S1-1", 1},
    {"DeskNumber", "TICKET-2026-000017", "", 0},
    {"LowerCaseCode", "silo-a-s1-3-000207", "", 0},
    {"LongCode", "silo-a-S12345678-3-000207", "", 0},
    {"NoSite", "S1-3-000207", "", 0},
    {"EmptySite", "-S1-3-000207", "", 0},
    {"SiteWithBlank", "silo a-S1-3-000207", "", 0},
    {"NoEpoch", "silo-a-S1--000207", "", 0},
    {"BadProvisional", "silo-a-S1-p5f0c-000207", "", 0},
    {"LongEpoch", "silo-a-S1-1234567890123456789-000207", "", 0},
    {"ShortSerial", "silo-a-S1-3-00207", "", 0},
    {"PaddedSerial", "silo-a-S1-3-0000207", "", 0},
    {"NoSerial", "silo-a-S1-3-", "", 0},
    {"SerialZero", "silo-a-S1-3-000000", "", 0},
    {"SerialNotDigits", "silo-a-S1-3-00020x", "", 0},
    {"SerialBeyond64Bits", "silo-a-S1-3-9223372036854775808", "", 0},
    {"LargestSerial", "silo-a-S1-3-9223372036854775807", "silo-a-S1-3", INT64_MAX},
    {"Empty", "", "", 0},
    {"Dashes", "----", "", 0},
};
class ParseTicketNumber : public testing::TestWithParam<NumberCase> {};
TEST_P(ParseTicketNumber, KnowsItsOwn) {
  const auto got = parse_ticket_number(GetParam().number);
  ASSERT_EQ(got.has_value(), !GetParam().series.empty());
  if (!got) return;
  EXPECT_EQ(got->series, GetParam().series);
  EXPECT_EQ(got->serial, GetParam().serial);
}
INSTANTIATE_TEST_SUITE_P(Numbers, ParseTicketNumber, testing::ValuesIn(kNumbers),
                         [](const auto& row) { return row.param.name; });

TEST(Epoch, IsGrantedOrProvisional) {
  for (const char* const good : {"0", "3", "123456789012345678", "p5f0c9a1e"}) EXPECT_TRUE(is_epoch(good)) << good;
  for (const char* const bad : {"", "p", "p5F0C9A1E", "p5f0c9a1e0", "-1", "3 ", "x", "1234567890123456789"}) {
    EXPECT_FALSE(is_epoch(bad)) << bad;
  }
}

TEST(ScaleCode, IsShortAndUpperCase) {
  for (const char* const good : {"S", "S1", "12345678", "WBNORTH1"}) EXPECT_TRUE(is_scale_code(good)) << good;
  for (const char* const bad : {"", "s1", "S-1", "123456789", "S 1"}) EXPECT_FALSE(is_scale_code(bad)) << bad;
}

TEST(RoleOfPass, FollowsTheDirection) {
  EXPECT_EQ(role_of_pass("Receive", 1), "gross");
  EXPECT_EQ(role_of_pass("Receive", 2), "tare");
  EXPECT_EQ(role_of_pass("Dispatch", 1), "tare");
  EXPECT_EQ(role_of_pass("Dispatch", 2), "gross");
  EXPECT_EQ(role_of_pass("", 1), "unknown");
  EXPECT_EQ(role_of_pass("receive", 1), "unknown");
  EXPECT_EQ(role_of_pass("Receive", 3), "unknown");
  EXPECT_EQ(role_of_pass("Dispatch", 0), "unknown");
}

}  // namespace
}  // namespace edge
