#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "tests/support/document_rig.h"

namespace edge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LanesTest : public test::DocumentRig {
 protected:
  std::vector<RowId> ids(const Result<std::vector<PendingRow>>& rows) {
    std::vector<RowId> all;
    for (const PendingRow& row : rows.value()) all.push_back(row.id);
    return all;
  }
  std::vector<RowId> backlog(std::size_t limit = 500) { return ids(store_->pending(limit, clock_.utc_ms(), false)); }
  std::vector<RowId> live(std::size_t limit = 500) { return ids(store_->pending_live(limit, clock_.utc_ms())); }
  void settle(const std::vector<RowId>& rows, Outcome::Kind kind = Outcome::Kind::kSent) {
    std::vector<Outcome> outcomes;
    for (const RowId id : rows) {
      outcomes.emplace_back().id = id;
      outcomes.back().kind = kind;
    }
    ASSERT_TRUE(store_->settle(outcomes, clock_.utc_ms()));
  }
  void expect_sums() {
    const auto audit = store_->audit();
    ASSERT_TRUE(audit);
    const DeliveryTotals& totals = audit->totals;
    std::int64_t made = 0;
    for (const char* name : {"readings", "documents"}) {
      if (const auto found = audit->counters.find(name); found != audit->counters.end()) made += found->second;
    }
    EXPECT_EQ(totals.sent + totals.pending + totals.dead, made);
    EXPECT_EQ(totals.pending, store_->totals().pending);
  }
};

TEST_F(LanesTest, FewRowsWaitInOneLane) {
  append(2'000);
  EXPECT_THAT(live(), IsEmpty());
  EXPECT_EQ(store_->totals().backlog, 0);
  EXPECT_THAT(backlog(3), ElementsAre(1, 2, 3));
}

TEST_F(LanesTest, RowsYoungerThanABacklogGoFirst) {
  append(2'001);
  EXPECT_THAT(live(), IsEmpty());  // it begins here
  append(3);
  EXPECT_EQ(store_->totals().backlog, 2'001);
  EXPECT_THAT(live(), ElementsAre(2'002, 2'003, 2'004));
  settle({2'002, 2'003, 2'004});
  EXPECT_THAT(live(), IsEmpty());
  EXPECT_THAT(backlog(2), ElementsAre(1, 2));
  settle({1, 2});
  append(1);
  EXPECT_THAT(live(), ElementsAre(2'005));
  EXPECT_EQ(store_->totals().pending, 2'000);
  expect_sums();
}

TEST_F(LanesTest, ThereIsOneLaneAgainWhenTheBacklogIsGone) {
  append(2'001);
  (void)live();
  append(2);
  settle(live());
  append(1);
  for (auto rows = backlog(); !rows.empty(); rows = backlog()) settle(rows);
  EXPECT_EQ(store_->totals().pending, 0);
  EXPECT_EQ(store_->totals().sent, 2'004);
  append(2);
  EXPECT_THAT(live(), IsEmpty());
  EXPECT_THAT(backlog(), ElementsAre(2'005, 2'006));
  expect_sums();
}

TEST_F(LanesTest, AReopenedStoreKnowsItsLanes) {
  append(2'001);
  (void)live();
  append(3);
  settle({live().front()});
  open();
  expect_sums();
  EXPECT_THAT(live(), ElementsAre(2'003, 2'004));
  EXPECT_THAT(backlog(1), ElementsAre(1));
}

TEST_F(LanesTest, AWeighingGoesBeforeTheBacklog) {
  append(600);
  const auto weighed = record();  // genesis and weighing: 601, 602
  append(10);
  EXPECT_THAT(live(), ElementsAre(601, 602));
  settle({601, 602});
  EXPECT_THAT(live(), IsEmpty());
  expect_sums();
  open();
  std::size_t seen = 0;
  for (auto rows = backlog(); !rows.empty(); rows = backlog()) {
    seen += rows.size();
    settle(rows);
  }
  EXPECT_EQ(seen, 610U);
  EXPECT_EQ(store_->totals().pending, 0);
  expect_sums();
}

TEST_F(LanesTest, ADocumentInALaggingLiveLaneGoesFirstAndOnce) {
  append(2'001);
  (void)live();
  append(30);
  record();  // 2032, 2033
  EXPECT_THAT(live(10), ElementsAre(2'032, 2'033, 2'002, 2'003, 2'004, 2'005, 2'006, 2'007, 2'008, 2'009));
  settle({2'032, 2'033, 2'002});
  EXPECT_THAT(live(10), ElementsAre(2'003, 2'004, 2'005, 2'006, 2'007, 2'008, 2'009, 2'010, 2'011, 2'012));
  for (auto rows = live(10); !rows.empty(); rows = live(10)) settle(rows);
  EXPECT_EQ(store_->totals().pending, 2'001);
  expect_sums();
}

TEST_F(LanesTest, AnOutageDuringADrainMakesALaneForWhatIsNewerStill) {
  append(2'001);
  (void)live();
  append(10'000);
  EXPECT_THAT(live(2), ElementsAre(2'002, 2'003));
  append(1);
  EXPECT_THAT(live(2), IsEmpty());  // too far behind: a new one begins here
  append(1);
  EXPECT_THAT(live(2), ElementsAre(12'003));
  settle({12'003});
  for (auto rows = backlog(); !rows.empty(); rows = backlog()) settle(rows);
  EXPECT_EQ(store_->totals().sent, 12'003);
  expect_sums();
}

TEST_F(LanesTest, WhatFollowsARequestIsHandedOutMeanwhile) {
  append(10);
  ASSERT_THAT(backlog(4), ElementsAre(1, 2, 3, 4));
  const auto behind = [&](RowId after) { return ids(store_->pending_after(after, 4, clock_.utc_ms())); };
  EXPECT_THAT(behind(4), ElementsAre(5, 6, 7, 8));
  settle({1, 2, 3, 4});
  EXPECT_THAT(behind(8), ElementsAre(9, 10));
  settle({5, 6, 7, 8});
  EXPECT_THAT(backlog(), ElementsAre(9, 10));
  settle({9, 10});
  EXPECT_THAT(behind(10), IsEmpty());
  EXPECT_EQ(store_->totals().sent, 10);
  expect_sums();
}

TEST_F(LanesTest, NothingIsHandedOutAheadOfARowThatWasPutOff) {
  append(6);
  ASSERT_THAT(backlog(2), ElementsAre(1, 2));
  settle({1}, Outcome::Kind::kLater);
  settle({2});
  ASSERT_THAT(backlog(3), ElementsAre(1, 3, 4));
  EXPECT_THAT(ids(store_->pending_after(4, 3, clock_.utc_ms())), IsEmpty());
}

TEST_F(LanesTest, WhatIsHandedOutMeanwhileKeepsTheTimeOfItsFirstTry) {
  append(4);
  ASSERT_THAT(backlog(2), ElementsAre(1, 2));
  ASSERT_THAT(ids(store_->pending_after(2, 2, clock_.utc_ms())), ElementsAre(3, 4));
  clock_.advance(std::chrono::hours{2});
  const auto rows = store_->pending(10, clock_.utc_ms(), false);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 4U);
  for (const PendingRow& row : *rows) EXPECT_FALSE(row.observation.backfilled) << row.id;
}

TEST_F(LanesTest, NothingOfALaneIsSettledThatWasNotHandedOut) {
  append(2'001);
  (void)live();
  append(5);
  settle({2'003, 1'000});
  EXPECT_EQ(store_->totals().pending, 2'006);
  expect_sums();
}

/// Whatever comes in whatever order: each row is handed out until it is settled, and never again.
TEST_F(LanesTest, EveryRowIsSettledOnceWhateverHappens) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto die = [&](int sides) { return static_cast<int>(random() % static_cast<unsigned>(sides)); };
    std::set<RowId> settled;
    const auto take = [&](const std::vector<PendingRow>& rows) {
      std::vector<Outcome> outcomes;
      std::set<RowId> seen;
      for (const PendingRow& row : rows) {
        ASSERT_TRUE(seen.insert(row.id).second) << row.id << " twice in one request";
        ASSERT_FALSE(settled.contains(row.id)) << row.id << " was settled";
        const int fate = die(40);
        if (fate == 0) continue;  // no word
        Outcome outcome;
        outcome.id = row.id;
        if (fate == 1) {
          outcome.kind = Outcome::Kind::kLater;
          outcome.not_before = clock_.utc_ms() + 1'000;
        } else {
          settled.insert(row.id);
          if (fate == 2) outcome.kind = Outcome::Kind::kDead;
        }
        outcomes.push_back(outcome);
      }
      if (die(10) == 0) std::ranges::shuffle(outcomes, random);
      ASSERT_TRUE(store_->settle(outcomes, clock_.utc_ms()));
    };
    for (int round = 0; round < 150; ++round) {
      clock_.advance(std::chrono::milliseconds{die(3'000)});
      if (die(3) != 0) append(1 + die(die(12) == 0 ? 4'000 : 40));
      if (die(6) == 0) record();
      const auto limit = static_cast<std::size_t>(1 + die(600));
      const bool from_live = die(2) == 0;
      const auto rows = from_live ? *store_->pending_live(limit, clock_.utc_ms())
                                  : *store_->pending(limit, clock_.utc_ms(), die(9) == 0);
      std::vector<PendingRow> behind;
      if (!from_live && !rows.empty() && die(2) == 0) {
        behind = *store_->pending_after(rows.back().id, limit, clock_.utc_ms());
      }
      take(rows);
      if (die(4) != 0) take(behind);  // else they go when they are asked for again
      if (HasFatalFailure()) return;
      if (die(12) == 0) open();
      if (die(8) == 0) expect_sums();
    }
    for (int round = 0; round < 20'000 && store_->totals().pending > 0; ++round) {
      clock_.advance(std::chrono::seconds{2});
      take(*store_->pending_live(500, clock_.utc_ms()));
      take(*store_->pending(500, clock_.utc_ms(), false));
      if (HasFatalFailure()) return;
    }
    EXPECT_EQ(store_->totals().pending, 0);
    EXPECT_EQ(store_->totals().backlog, 0);
    EXPECT_THAT(*store_->list_pending(10, 0), IsEmpty());
    expect_sums();
    store_.reset();
    std::filesystem::remove_all(dir_.path());
    open();
    ASSERT_TRUE(store_->grant_epoch("3"));
  }
}

}  // namespace
}  // namespace edge
