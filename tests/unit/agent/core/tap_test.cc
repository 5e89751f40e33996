#include "agent/core/tap.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(Tap, KeepsTheNewestLinesOfEverySource) {
  Tap tap;
  for (int i = 0; i < 600; ++i) tap.note(i % 2 == 0 ? "ws1" : "bus1", "\x02\x31", "frame", 1'000 + i);
  const auto all = tap.since(0, "", 1'000);
  ASSERT_EQ(all.size(), Tap::kLines);
  EXPECT_EQ(all.front().number, 89);
  EXPECT_EQ(all.back().number, 600);
  EXPECT_EQ(all.back().hex, "0231");
  EXPECT_EQ(all.back().what, "frame");
  EXPECT_EQ(all.back().at, 1'599);
  EXPECT_EQ(tap.since(0, "ws1", 1'000).size(), Tap::kLines / 2);
}

TEST(Tap, GoesOnWhereTheReaderWas) {
  Tap tap;
  for (int i = 0; i < 10; ++i) tap.note("ws1", "x", "frame", i);
  const auto first = tap.since(0, "ws1", 4);
  ASSERT_EQ(first.size(), 4U);
  EXPECT_EQ(first.front().number, 1);
  EXPECT_EQ(tap.since(first.back().number, "ws1", 4).front().number, 5);
  EXPECT_TRUE(tap.since(10, "ws1", 4).empty());
  EXPECT_TRUE(tap.since(0, "ws2", 4).empty());
}

TEST(Tap, CutsWhatIsTooLong) {
  Tap tap;
  tap.note("ws1", std::string(1 << 20, 'x'), "noise", 0);
  EXPECT_EQ(tap.since(0, "", 1).front().hex.size(), 2'048U);
}

}  // namespace
}  // namespace edge
