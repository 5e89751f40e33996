#include "tests/support/room_rig.h"

namespace edge {
namespace {

class DeadLetterBoundTest : public test::RoomRig {
 protected:
  StoreOptions options() const override {
    StoreOptions options = RoomRig::options();
    options.dead_letters = 100;
    options.dead_letter_bytes = 64 << 10;
    return options;
  }
  /// `count` readings with `raw` of that size, refused.
  void refuse(int count, std::size_t raw = 0) {
    for (int n = 0; n < count; ++n) {
      NewObservation made = flagged(Flag::kQuarantine);
      if (raw > 0) made.observation.raw.assign(raw, 'x');
      ASSERT_TRUE(append(made));
    }
    Outcome dead;
    dead.kind = Outcome::Kind::kDead;
    dead.status = "rejected";
    dead.code = "unknown_site";
    settle(hand_out(10'000), dead);
  }
};

TEST_F(DeadLetterBoundTest, TheOldestReadingsGoAndAreCounted) {
  ASSERT_TRUE(store_->record(test::weighing(clock_.utc_ms()), {}));
  refuse(900);
  keep_house();
  EXPECT_EQ(store_->totals().dead, 100);
  EXPECT_EQ(counter("thinned.dead_letter"), 802);
  const auto letters = store_->dead_letters(1'000, 0).value();
  EXPECT_NE(letters[0].record.find("\"kind\":\"weighing\""), std::string::npos) << "never a weighing";
  EXPECT_NE(letters[1].record.find("\"kind\":\"weighing\""), std::string::npos);
  EXPECT_NE(letters[2].record.find("\"n\\\":803}"), std::string::npos) << letters[2].record;
  const auto gone = gaps();
  EXPECT_EQ(counted(gone, "dead_letter_bound"), 802);
  expect_sums();
  open();
  EXPECT_EQ(store_->totals().dead, 100);
  expect_sums();
}

TEST_F(DeadLetterBoundTest, CountsBytesToo) {
  refuse(80, 4'000);
  keep_house();
  EXPECT_GE(store_->totals().dead, 12);
  EXPECT_LE(store_->totals().dead, 64 * 1024 / 4'200);
  EXPECT_EQ(counted(gaps()), counter("thinned.dead_letter"));
  expect_sums();
}

TEST_F(DeadLetterBoundTest, WhatIsBelowStays) {
  refuse(100);
  keep_house();
  EXPECT_EQ(store_->totals().dead, 100);
  EXPECT_EQ(counter("thinned.dead_letter"), 0);
  ASSERT_EQ(store_->requeue_all("").value(), 100);
  expect_sums();
}

}  // namespace
}  // namespace edge
