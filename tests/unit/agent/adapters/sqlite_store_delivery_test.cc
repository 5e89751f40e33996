#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

namespace edge {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using test::FakeClock;
using testing::ElementsAre;
using testing::IsEmpty;

class DeliveryTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    StoreOptions options;
    options.dir = dir_.path();
    options.gateway = "gw";
    options.min_free = 0;
    options.ballast_bytes = 1 << 16;
    auto opened = SqliteStore::open(options, clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(*opened);
  }
  void append(int count) {
    auto rows = test::rows(count, clock_.utc_ms());
    ASSERT_TRUE(store_->append(rows, {{"readings", count}}));
  }
  std::vector<RowId> ids(std::size_t limit = 500, bool everything = false) {
    std::vector<RowId> all;
    const auto rows = store_->pending(limit, clock_.utc_ms(), everything);
    for (const PendingRow& row : rows.value()) all.push_back(row.id);
    return all;
  }
  void settle(std::vector<Outcome> outcomes) { ASSERT_TRUE(store_->settle(outcomes, clock_.utc_ms())); }
  static Outcome sent(RowId id) {
    Outcome outcome;
    outcome.id = id;
    return outcome;
  }
  Outcome later(RowId id, seconds wait, bool refused = false) const {
    Outcome outcome;
    outcome.id = id;
    outcome.kind = Outcome::Kind::kLater;
    outcome.not_before = clock_.utc_ms() + std::chrono::milliseconds(wait).count();
    outcome.refused = refused;
    return outcome;
  }
  static Outcome dead(RowId id, std::string code = "unknown_site") {
    Outcome outcome;
    outcome.id = id;
    outcome.kind = Outcome::Kind::kDead;
    outcome.status = "rejected";
    outcome.code = std::move(code);
    outcome.field = "site";
    outcome.message = "Site silo-x does not exist";
    return outcome;
  }
  void expect_sums() {
    const auto audit = store_->audit();
    ASSERT_TRUE(audit);
    const DeliveryTotals& totals = audit->totals;
    EXPECT_EQ(totals.sent + totals.pending + totals.dead, audit->counters.at("readings"));
    EXPECT_EQ(totals.pending, store_->totals().pending);
    EXPECT_EQ(totals.dead, store_->totals().dead);
  }

  test::TempDir dir_;
  FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(DeliveryTest, MovesTheCursorOverWhatWasSent) {
  append(5);
  EXPECT_THAT(ids(3), ElementsAre(1, 2, 3));
  settle({sent(1), sent(2), sent(3)});
  open();
  EXPECT_THAT(ids(), ElementsAre(4, 5));
  EXPECT_EQ(store_->totals().sent, 3);
  EXPECT_EQ(store_->totals().pending, 2);
  expect_sums();
}

TEST_F(DeliveryTest, SettlesOnlyWhatWasHandedOut) {
  append(5);
  EXPECT_THAT(ids(2), ElementsAre(1, 2));
  settle({sent(1), sent(2), sent(3), sent(99), sent(0), sent(-1)});
  EXPECT_THAT(ids(), ElementsAre(3, 4, 5));
  EXPECT_EQ(store_->totals().sent, 2);
}

TEST_F(DeliveryTest, HandsOutWhatWasPutOffFirstOnceItIsTime) {
  append(5);
  ids();
  settle({sent(1), later(2, seconds(30)), sent(3), later(4, seconds(10))});
  EXPECT_THAT(ids(), ElementsAre(5));
  EXPECT_THAT(ids(500, true), ElementsAre(2, 4, 5)) << "a probe takes everything";
  clock_.advance(seconds(10));
  EXPECT_THAT(ids(), ElementsAre(4, 5));
  clock_.advance(seconds(20));
  open();
  EXPECT_THAT(ids(), ElementsAre(2, 4, 5));
  EXPECT_THAT(ids(1), ElementsAre(4)) << "the longest due first where not all fit";
  settle({sent(2), sent(4), sent(5)});
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_EQ(store_->totals().sent, 5);
  expect_sums();
}

TEST_F(DeliveryTest, KeepsWhatNobodyNamed) {
  append(4);
  ids();
  settle({sent(2), sent(4)});
  EXPECT_THAT(ids(), ElementsAre(1, 3));
  EXPECT_EQ(store_->totals().pending, 2);
  expect_sums();
}

TEST_F(DeliveryTest, SettlesTwiceWithoutCountingTwice) {
  append(3);
  ids();
  settle({sent(1), later(2, seconds(0)), dead(3)});
  settle({sent(1), sent(2), sent(3)});
  settle({sent(1), sent(2), dead(3), sent(2)});
  EXPECT_EQ(store_->totals().sent, 2);
  EXPECT_EQ(store_->totals().dead, 1);
  EXPECT_EQ(store_->totals().pending, 0);
  expect_sums();
}

TEST_F(DeliveryTest, RemembersTheFirstRefusal) {
  append(1);
  ids();
  settle({later(1, seconds(0), true)});
  const std::int64_t first = clock_.utc_ms();
  clock_.advance(hours(3));
  open();
  auto rows = *store_->pending(1, clock_.utc_ms(), false);
  EXPECT_EQ(rows.at(0).first_refused_at, first);
  EXPECT_EQ(rows.at(0).put_off, 1);
  settle({later(1, seconds(0), true)});
  rows = *store_->pending(1, clock_.utc_ms(), false);
  EXPECT_EQ(rows.at(0).first_refused_at, first);
  EXPECT_EQ(rows.at(0).put_off, 2);
}

TEST_F(DeliveryTest, ARowPutOffIntoAFutureThatIsNoneIsDue) {
  append(1);
  ids();
  settle({later(1, seconds(30))});
  clock_.set_utc(FakeClock::kStart - std::chrono::milliseconds(hours(24 * 365)).count());
  EXPECT_THAT(ids(), ElementsAre(1)) << "the clock was a year ahead when it was put off";
}

TEST_F(DeliveryTest, FixesBackfilledAtTheFirstTry) {
  append(2);
  clock_.advance(seconds(59));
  auto rows = *store_->pending(1, clock_.utc_ms(), false);
  EXPECT_FALSE(rows.at(0).observation.backfilled);
  EXPECT_EQ(rows.at(0).first_tried_at, clock_.utc_ms());
  clock_.advance(seconds(2));
  rows = *store_->pending(2, clock_.utc_ms(), false);
  EXPECT_FALSE(rows.at(0).observation.backfilled);
  EXPECT_TRUE(rows.at(1).observation.backfilled) << "tried for the first time 61 s after it came";
  clock_.advance(hours(5));
  open();
  rows = *store_->pending(2, clock_.utc_ms(), false);
  EXPECT_FALSE(rows.at(0).observation.backfilled) << "a restart changes nothing";
  EXPECT_TRUE(rows.at(1).observation.backfilled);
  settle({later(1, seconds(0)), sent(2)});
  rows = *store_->pending(2, clock_.utc_ms(), false);
  EXPECT_FALSE(rows.at(0).observation.backfilled) << "nor does putting it off";
}

TEST_F(DeliveryTest, KeepsDeadLettersWithTheServersWords) {
  append(3);
  ids();
  settle({dead(1), sent(2), dead(3, "too_long")});
  open();
  EXPECT_THAT(ids(), IsEmpty());
  const auto letters = *store_->dead_letters(10, 0);
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(letters[0].id, 1);
  EXPECT_EQ(letters[0].seq, 1);
  EXPECT_EQ(letters[0].at, clock_.utc_ms());
  EXPECT_EQ(letters[0].status, "rejected");
  EXPECT_EQ(letters[0].code, "unknown_site");
  EXPECT_EQ(letters[0].field, "site");
  EXPECT_EQ(letters[0].message, "Site silo-x does not exist");
  EXPECT_THAT(letters[0].record, testing::HasSubstr(R"("kind":"observation")"));
  EXPECT_EQ(store_->dead_letters(10, 1)->size(), 1U);
  EXPECT_EQ(store_->dead_letter(3)->code, "too_long");
  EXPECT_EQ(store_->dead_letter(2).error().code, Errc::kNotFound);
  expect_sums();
}

TEST_F(DeliveryTest, RequeuesWithTheSameUid) {
  append(3);
  const std::string uid = store_->pending(1, clock_.utc_ms(), false)->at(0).observation.uid;
  ids();
  settle({dead(1), dead(2, "too_long"), dead(3)});
  ASSERT_TRUE(store_->requeue(1));
  EXPECT_EQ(store_->requeue(1).error().code, Errc::kNotFound);
  const auto rows = *store_->pending(10, clock_.utc_ms(), false);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].observation.uid, uid);
  EXPECT_EQ(rows[0].first_refused_at, 0);
  EXPECT_EQ(*store_->requeue_all("nothing"), 0);
  EXPECT_EQ(*store_->requeue_all("too_long"), 1);
  EXPECT_EQ(*store_->requeue_all(""), 1);
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3));
  EXPECT_EQ(store_->totals().dead, 0);
  settle({sent(1), sent(2), sent(3)});
  EXPECT_EQ(store_->totals().sent, 3);
  expect_sums();
}

TEST_F(DeliveryTest, NamesTheOldestThatWaits) {
  EXPECT_EQ(store_->totals().oldest_pending_at, std::nullopt);
  append(1);
  const std::int64_t first = clock_.utc_ms();
  clock_.advance(seconds(10));
  append(1);
  ids();
  EXPECT_EQ(store_->totals().oldest_pending_at, first);
  settle({later(1, seconds(60)), sent(2)});
  EXPECT_EQ(store_->totals().oldest_pending_at, first);
  clock_.advance(seconds(60));
  ids();
  settle({sent(1)});
  EXPECT_EQ(store_->totals().oldest_pending_at, std::nullopt);
}

TEST_F(DeliveryTest, PurgesSentRowsAfterTheirRetention) {
  append(10);
  ids();
  settle({sent(1), later(2, hours(1)), dead(3), sent(4), sent(5)});
  ids();
  settle({sent(6)});
  clock_.advance(hours(24 * 6));
  ids(1);
  EXPECT_EQ(store_->size().rows, 10);
  clock_.advance(hours(25));
  ids(1);  // the uplink looks in: housekeeping
  EXPECT_EQ(store_->dead_letters(10, 0)->size(), 1U) << "a dead letter stays";
  EXPECT_THAT(ids(), ElementsAre(2, 7, 8, 9, 10));
  EXPECT_EQ(store_->newest(100)->size(), 7U) << "1, 4 and 5 are gone; 6 was settled after the last note";
  expect_sums();
  settle({sent(2), sent(7), sent(8), sent(9), sent(10)});
  open();
  EXPECT_EQ(store_->totals().last_seq, 10);
  clock_.advance(hours(24 * 8));
  ids();
  ids();
  EXPECT_EQ(store_->newest(100)->size(), 1U) << "the dead letter";
  open();
  append(1);
  EXPECT_THAT(ids(), ElementsAre(11)) << "an emptied table does not begin again";
  expect_sums();
}

TEST_F(DeliveryTest, CountsWhileRowsComeAndGo) {
  append(25'000);
  ids();
  settle({later(1, seconds(5)), sent(2), dead(3)});
  expect_sums();
}

}  // namespace
}  // namespace edge
