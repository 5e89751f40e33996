#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include "agent/core/lane.h"
#include "tests/support/sync_rig.h"
#include "tests/support/weighings.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using test::html;
using test::refusal;
using testing::Contains;
using testing::ElementsAreArray;

TEST(LaneTurn, SharesTheRequestsWhileBothLanesAreFull) {
  for (const int share : {1, 30, 70, 100}) {
    LaneTurn turn(share);
    int live = 0;
    for (int request = 0; request < 1'000; ++request) {
      if (turn.is_live(0)) {
        ++live;
        turn.live_went(true, 0);
      } else {
        turn.backlog_went();
      }
    }
    EXPECT_NEAR(live, share * 10, 20) << share;
  }
}

TEST(LaneTurn, AFewNewRowsWaitForOthersALittle) {
  LaneTurn turn(70);
  turn.live_went(false, 1'000);
  turn.backlog_went();
  EXPECT_FALSE(turn.is_live(1'049));
  EXPECT_TRUE(turn.is_live(1'050));
}

class SyncLanes : public test::SyncRig {
 protected:
  void step_in_time() {
    step();
    clock_.advance(milliseconds{50});
  }
  void expect_once() {
    std::set<std::string> seen;
    for (const auto& uids : sink_.submitted) {
      for (const auto& uid : uids) EXPECT_TRUE(seen.insert(uid).second) << uid;
    }
  }
};

TEST_F(SyncLanes, ANewRowGoesOutWithinOneRequestWhateverWaits) {
  append(10'000);
  step_in_time();  // the drain begins
  const auto uids = append(3);
  const std::size_t before = sink_.submitted.size();
  step_in_time();
  ASSERT_EQ(sink_.submitted.size(), before + 1);
  EXPECT_THAT(sink_.submitted.back(), ElementsAreArray(uids));
  step_in_time();
  EXPECT_EQ(sink_.submitted.back().size(), 500U);
  run();
  EXPECT_EQ(totals().sent, 10'003);
  expect_once();
}

TEST_F(SyncLanes, TheDrainDoesNotStopForTheLiveLane) {
  append(5'000);
  int steps = 0;
  for (; totals().pending > 0 && steps < 100; ++steps) {
    append(1);
    if (steps > 0 && totals().backlog < 500) break;
    EXPECT_EQ(sync_->step(), milliseconds{0}) << steps;
    clock_.advance(milliseconds{60});
  }
  EXPECT_LT(steps, 40);
  run();
  expect_once();
}

TEST_F(SyncLanes, AWeighingGoesBeforeADayOfTelemetry) {
  append(10'000);
  const auto made = store_->record(test::weighing(clock_.utc_ms(), "38440", "ws1"), {});
  ASSERT_TRUE(made);
  step_in_time();
  EXPECT_THAT(sink_.submitted.at(0), Contains(made->stamp.uid));
  run();
  EXPECT_EQ(totals().sent, 10'002);
  expect_once();
}

TEST_F(SyncLanes, ABadRecordInTheLiveLaneLeavesTheBacklogAlone) {
  append(5'000);
  step_in_time();
  const auto uids = append(8);
  const std::string bad = uids[3];
  sink_.otherwise = [&](const test::FakeSink::Uids& sent) {
    return std::ranges::count(sent, bad) > 0 ? refusal(400, "malformed") : test::all_stored(sent);
  };
  for (int n = 0; n < 100 && totals().pending > 0; ++n) step_in_time();
  EXPECT_EQ(totals().dead, 1);
  EXPECT_EQ(totals().sent, 5'007);
  EXPECT_EQ(store_->dead_letters(10, 0)->size(), 1U);
}

TEST_F(SyncLanes, AServerThatFailsMeanwhileLosesAndDoublesNothing) {
  append(4'000);
  int n = 0;
  sink_.otherwise = [&](const test::FakeSink::Uids& sent) { return ++n % 3 == 0 ? html(502) : test::all_stored(sent); };
  std::set<std::string> made;
  for (int round = 0; round < 60; ++round) {
    for (const auto& uid : append(7)) made.insert(uid);
    step_in_time();
  }
  run(400);
  EXPECT_EQ(totals().pending, 0);
  EXPECT_EQ(totals().sent, 4'000 + 60 * 7);
  EXPECT_EQ(totals().dead, 0);
}

}  // namespace
}  // namespace edge
