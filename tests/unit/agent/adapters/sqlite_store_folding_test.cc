#include "tests/support/room_rig.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FoldingTest : public test::RoomRig {
 protected:
  std::vector<PendingRow> folded() {
    std::vector<PendingRow> found;
    auto rows = waiting();
    for (PendingRow& row : rows) {
      if (row.observation.fold) found.push_back(std::move(row));
    }
    return found;
  }
};

TEST_F(FoldingTest, ARunOfQuarantineBecomesOneRow) {
  const std::int64_t first_at = clock_.utc_ms() - 412;
  const std::int64_t count = fill(Flag::kQuarantine, seconds(2), 1, "critical_max:35");
  keep_house();
  EXPECT_TRUE(store_->accepting());
  const auto rows = folded();
  ASSERT_FALSE(rows.empty());
  const Observation& first = rows.front().observation;
  EXPECT_EQ(first.fold->count, 31) << "a minute of them";
  EXPECT_EQ(first.observed_at, first_at);
  EXPECT_EQ(first.fold->first_at, first_at);
  EXPECT_EQ(first.fold->last_at, first_at + 60'000);
  EXPECT_NE(first.raw.find("\"n\":1}"), std::string::npos) << first.raw;
  EXPECT_NE(first.fold->last_raw.find("\"n\":31}"), std::string::npos) << first.fold->last_raw;
  EXPECT_EQ(first.reasons, std::vector<std::string>{"critical_max:35"});
  std::int64_t stand = 0;
  for (const PendingRow& row : waiting()) stand += row.observation.fold ? row.observation.fold->count : 1;
  EXPECT_EQ(stand, count);
  EXPECT_GT(counter("folded"), 0);
  EXPECT_TRUE(gaps().empty()) << "nothing is missing";
  expect_sums();
  open();
  expect_sums();
}

TEST_F(FoldingTest, SixInAMinuteStayAsTheyAre) {
  fill(Flag::kQuarantine, seconds(11), 1, "critical_max:35");
  keep_house();
  EXPECT_EQ(counter("folded"), 0);
}

TEST_F(FoldingTest, KeepsDevicesAndCodesApart) {
  int n = 0;
  while (store_->accepting() && append(flagged(Flag::kQuarantine, n % 2, n % 4 < 2 ? "critical_max:35" : "spike:6.2"))) {
    clock_.advance(milliseconds(500));
    ++n;
  }
  keep_house();
  const auto rows = folded();
  ASSERT_FALSE(rows.empty());
  for (const PendingRow& row : rows) {
    const Observation& o = row.observation;
    const std::string first = o.raw.substr(o.raw.find("\"n\":") + 4);
    const std::string last = o.fold->last_raw.substr(o.fold->last_raw.find("\"n\":") + 4);
    EXPECT_EQ((std::stoi(last) - std::stoi(first)) % 4, 0) << first << last;
  }
  expect_sums();
}

TEST_F(FoldingTest, FoldedRowsGoLastAndWithAllTheyStandFor) {
  const std::int64_t singles = 50;
  for (int n = 0; n < singles; ++n) {
    ASSERT_TRUE(append(flagged(Flag::kQuarantine, 9, "critical_min:5")));
    clock_.advance(seconds(61));
  }
  // 7 a minute: folding frees much, but not for ever.
  std::int64_t made = singles;
  for (int round = 0; round < 400 && counter("thinned.folded") == 0; ++round) {
    for (int n = 0; n < 700 && store_->accepting(); ++n, ++made) {
      ASSERT_TRUE(append(flagged(Flag::kQuarantine, 1, "critical_max:35")));
      clock_.advance(seconds(9));
    }
    keep_house();
    expect_sums();
  }
  EXPECT_GT(counter("thinned.folded"), 0);
  EXPECT_EQ(counted(gaps(), "thinned_folded"), counter("thinned.folded"));
  std::int64_t stand = 0, kept = 0;
  for (const PendingRow& row : waiting()) {
    if (!row.document.empty()) continue;
    stand += row.observation.fold ? row.observation.fold->count : 1;
    kept += row.observation.device == "bin9-t1";
  }
  EXPECT_EQ(kept, singles);
  EXPECT_EQ(stand + counter("thinned.folded"), made);
  for (const wire::Gap& gap : gaps()) EXPECT_LE(gap.count - 1, gap.to_seq - gap.from_seq) << "the server would refuse it";
  open();
  expect_sums();
}

TEST_F(FoldingTest, InvalidRowsAreFoldedBeforeTheyGo) {
  fill(Flag::kInvalid, seconds(1), 1, "undecodable:not JSON");
  keep_house();
  EXPECT_GT(counter("folded"), 0);
  EXPECT_EQ(counter("thinned.invalid"), 0) << "there was room then";
  expect_sums();
}

TEST_F(FoldingTest, WhatWasHandedOutIsNotChanged) {
  fill(Flag::kQuarantine, seconds(1), 1, "critical_max:35");
  const auto under_way = hand_out(1'000);
  keep_house();
  ASSERT_GT(counter("folded"), 0);
  const auto rows = waiting();
  for (std::size_t i = 0; i < under_way.size(); ++i) {
    ASSERT_EQ(rows[i].id, under_way[i].id);
    ASSERT_FALSE(rows[i].observation.fold);
  }
  settle(under_way);
  expect_sums();
}

}  // namespace
}  // namespace edge
