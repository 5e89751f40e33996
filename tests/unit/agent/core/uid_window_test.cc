#include "agent/core/uid_window.h"

#include <gtest/gtest.h>

#include <string>

#include "protocols/record/sha256.h"

namespace edge {
namespace {

std::string uid(int n) { return sha256_hex(std::to_string(n)).substr(0, 32); }

std::uint64_t key(std::uint16_t packet, std::string_view device = "t1", int index = 0) {
  return message_key({packet, "silo-a", device, index, "sha"});
}

TEST(MessageKey, TellsEveryTraitApart) {
  EXPECT_EQ(key(7), key(7));
  EXPECT_NE(key(7), key(8));
  EXPECT_NE(key(7), key(7, "t2"));
  EXPECT_NE(key(7), key(7, "t1", 1));
  EXPECT_NE(key(7), message_key({7, "silo-a", "t1", 0, "other"}));
  EXPECT_EQ(key(0), 0U) << "QoS 0 has no packet id a DUP could name";
}

TEST(UidWindow, KnowsTheLatestAndForgetsTheOldest) {
  UidWindow window(4);
  for (int n = 0; n < 6; ++n) window.add(uid(n), 0);
  EXPECT_EQ(window.size(), 4U);
  for (int n = 0; n < 6; ++n) EXPECT_EQ(window.contains(uid(n)), n >= 2) << n;
}

TEST(UidWindow, TakesNothingThatIsNoUid) {
  UidWindow window(4);
  window.add("short", 0);
  EXPECT_EQ(window.size(), 0U);
  EXPECT_FALSE(window.contains("short"));
  EXPECT_FALSE(window.contains(""));
}

TEST(UidWindow, AnswersARedeliveryOncePerRowAndConnectionNewestFirst) {
  UidWindow window(8);
  window.add(uid(1), key(7));
  window.add(uid(2), key(7));
  window.add(uid(3), key(8));
  EXPECT_EQ(window.take_redelivered(key(7), 1), uid(2));
  EXPECT_EQ(window.take_redelivered(key(7), 1), uid(1));
  EXPECT_EQ(window.take_redelivered(key(7), 1), std::nullopt);
  EXPECT_EQ(window.take_redelivered(key(9), 1), std::nullopt);
  EXPECT_EQ(window.take_redelivered(0, 1), std::nullopt);
}

TEST(UidWindow, AnswersAgainInALaterConnection) {
  UidWindow window(8);
  window.add(uid(1), key(7));
  EXPECT_EQ(window.take_redelivered(key(7), 2), uid(1));
  EXPECT_EQ(window.take_redelivered(key(7), 2), std::nullopt);
  EXPECT_EQ(window.take_redelivered(key(7), 3), uid(1));
  EXPECT_EQ(window.take_redelivered(key(7), 3), std::nullopt);
}

TEST(UidWindow, IsTooFarBackForAPacketIdThatCameRound) {
  UidWindow window;
  window.add(uid(-1), key(7));
  for (int n = 0; n < static_cast<int>(UidWindow::kRedeliveryReach) - 1; ++n) window.add(uid(n), 0);
  UidWindow nearly = window;
  EXPECT_EQ(nearly.take_redelivered(key(7), 1), uid(-1));
  window.add(uid(-2), 0);
  EXPECT_EQ(window.take_redelivered(key(7), 1), std::nullopt);
  EXPECT_TRUE(window.contains(uid(-1)));
}

TEST(UidWindow, StaysRightOverManyRounds) {
  UidWindow window(100);
  for (int n = 0; n < 1000; ++n) {
    window.add(uid(n), key(static_cast<std::uint16_t>(n % 50 + 1)));
    if (n % 3 == 0) {
      EXPECT_EQ(window.take_redelivered(key(static_cast<std::uint16_t>(n % 50 + 1)), 1), uid(n));
    }
  }
  for (int n = 0; n < 1000; ++n) EXPECT_EQ(window.contains(uid(n)), n >= 900) << n;
}

}  // namespace
}  // namespace edge
