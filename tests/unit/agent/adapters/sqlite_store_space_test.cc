#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "agent/adapters/sqlite_store/space.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"
#include "tests/support/weighings.h"

namespace edge {
namespace {

namespace fs = std::filesystem;

class SpaceTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open(std::int64_t min_free = 0) {
    store_.reset();
    StoreOptions options;
    options.dir = dir_.path();
    options.gateway = "gw";
    options.max_bytes = 4 << 20;
    options.min_free = min_free;
    options.ballast_bytes = 256 << 10;
    auto opened = SqliteStore::open(options, clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(*opened);
  }
  /// Rows that are neither thinned nor folded: each flagged, each of another minute.
  Result<void> append(int count) {
    auto rows = test::rows(count, clock_.utc_ms());
    for (NewObservation& row : rows) {
      row.observation.flag = Flag::kQuarantine;
      row.observation.observed_at -= ++made_ * 61'000;
    }
    return store_->append(rows, {{"readings", count}});
  }
  /// Rows until the store says it is full.
  std::int64_t fill() {
    while (append(50)) {
    }
    return store_->counters().at("readings");
  }
  void deliver_all() {
    for (;;) {
      const auto rows = store_->pending(500, clock_.utc_ms(), false);
      ASSERT_TRUE(rows) << rows.error().detail;
      if (rows->empty()) return;
      std::vector<Outcome> outcomes(rows->size());
      for (std::size_t i = 0; i < rows->size(); ++i) outcomes[i].id = (*rows)[i].id;
      const auto settled = store_->settle(outcomes, clock_.utc_ms());
      ASSERT_TRUE(settled) << settled.error().detail;
    }
  }
  fs::path ballast() const { return dir_.path() / "ballast"; }

  test::TempDir dir_;
  test::FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
  std::int64_t made_ = 0;
};

TEST_F(SpaceTest, PausesSourcesBeforeItIsFull) {
  EXPECT_TRUE(fs::exists(ballast()));
  while (store_->accepting()) ASSERT_TRUE(append(1));
  EXPECT_TRUE(fs::exists(ballast())) << "the reserve is untouched";
  EXPECT_TRUE(append(500)) << "there is room behind the watermark for who cannot wait";
}

TEST_F(SpaceTest, SentRowsGoWhereTheFloorOfFreeSpacePausesIntake) {
  ASSERT_TRUE(append(200));
  deliver_all();
  store_->keep_house(std::chrono::seconds{5});
  EXPECT_EQ(store_->size().rows, 200) << "there is room: they are kept for a server that is restored";
  open(std::int64_t{1} << 60);  // as if others had filled the disk
  store_->keep_house(std::chrono::seconds{5});
  EXPECT_FALSE(store_->accepting());
  EXPECT_EQ(store_->size().rows, 0);
}

TEST_F(SpaceTest, GivesUpTheBallastThenSaysFull) {
  const std::int64_t kept = fill();
  EXPECT_FALSE(fs::exists(ballast()));
  EXPECT_FALSE(store_->accepting());
  const auto refused = append(50);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kFull);
  EXPECT_EQ(store_->totals().pending, kept) << "what was refused left nothing behind";
  EXPECT_LE(store_->size().bytes, store_->size().max_bytes);
  open();
  EXPECT_EQ(store_->totals().pending, kept);
}

TEST_F(SpaceTest, RecoversOnceTheServerHasTaken) {
  const std::int64_t kept = fill();
  deliver_all();
  EXPECT_EQ(store_->totals().sent, kept) << "a full store can still send";
  for (int n = 0; n < 40 && !store_->accepting(); ++n) (void)store_->pending(1, clock_.utc_ms(), false);
  EXPECT_TRUE(store_->accepting()) << "sent rows go first, and without a word";
  EXPECT_TRUE(append(500));
  clock_.advance(std::chrono::minutes(10));
  store_->keep_house(std::chrono::seconds{5});
  EXPECT_TRUE(fs::exists(ballast())) << "made anew where there is room";
}

TEST_F(SpaceTest, NotesWhatTheServerRefusedEvenWhenFull) {
  const std::int64_t kept = fill();
  for (int round = 0; round < 3; ++round) {
    const auto rows = store_->pending(100, clock_.utc_ms(), false);
    ASSERT_TRUE(rows) << rows.error().detail;
    std::vector<Outcome> outcomes(rows->size());
    for (std::size_t i = 0; i < rows->size(); ++i) {
      outcomes[i].id = (*rows)[i].id;
      outcomes[i].kind = Outcome::Kind::kDead;
      outcomes[i].message = std::string(100, 'x');
    }
    const auto settled = store_->settle(outcomes, clock_.utc_ms());
    ASSERT_TRUE(settled) << settled.error().detail;
  }
  EXPECT_EQ(store_->totals().dead, 300);
  EXPECT_EQ(store_->totals().pending, kept - 300);
  EXPECT_LE(store_->size().bytes, store_->size().max_bytes);
}

TEST_F(SpaceTest, ATruckIsWeighedWhereReadingsFindNoRoom) {
  fill();
  const OpenTicket open_one = store_->put(test::open_ticket(clock_.utc_ms())).value();
  for (const char* kg : {"38440", "14580"}) {
    const auto made = store_->record(test::weighing(clock_.utc_ms(), kg), open_one.id);
    ASSERT_TRUE(made) << made.error().detail;
  }
  const auto ticket = store_->finish(open_one.id, test::ticket(clock_.utc_ms()), "S1");
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_FALSE(append(50)) << "the reserve is not theirs";
  EXPECT_LE(store_->size().bytes, store_->size().max_bytes);
}

TEST_F(SpaceTest, WeighingsLeaveDeliveryItsShareOfTheReserve) {
  const std::int64_t kept = fill();
  Result<wire::Weighing> made;
  std::int64_t weighed = 0;
  while ((made = store_->record(test::weighing(clock_.utc_ms()), {}))) ++weighed;
  EXPECT_EQ(made.error().code, Errc::kFull);
  const auto links = store_->weighings("ws1", 0, 1'000'000);
  ASSERT_TRUE(links) << links.error().detail;
  EXPECT_EQ(static_cast<std::int64_t>(links->size()), weighed + 1) << "what was refused left no link";
  EXPECT_EQ(store_->chain_heads().at(0).seq, weighed);
  deliver_all();
  EXPECT_EQ(store_->totals().sent, kept + weighed + 1);
  for (int n = 0; n < 40 && !store_->accepting(); ++n) (void)store_->pending(1, clock_.utc_ms(), false);
  made = store_->record(test::weighing(clock_.utc_ms()), {});
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->alibi_seq, weighed + 1);
}

TEST_F(SpaceTest, GivesUidsOfRefusedRowsBack) {
  fill();
  auto rows = test::rows(200, clock_.utc_ms());
  ASSERT_FALSE(store_->append(rows, {}));
  for (const NewObservation& row : rows) EXPECT_EQ(row.observation.uid, "");
}

TEST(Bounds, LeaveTheMarginOfTheDesign) {
  const Bounds large = bounds_of(8LL << 30);
  EXPECT_GE(large.max - large.high, 64LL << 20);
  EXPECT_LT(large.low, large.high);
  const Bounds small = bounds_of(100LL << 20);
  EXPECT_GT(small.low, 0);
  EXPECT_EQ(default_max_bytes(6LL << 30), 3LL << 30);
  EXPECT_EQ(default_max_bytes(100LL << 30), 8LL << 30);
}

TEST(Bounds, TheLastAnswerStandsBetweenTheWatermarks) {
  const Bounds bounds = bounds_of(1 << 20);
  const std::int64_t between = (bounds.high + bounds.low) / 2;
  EXPECT_TRUE(is_accepting({0, between, 1000, 0}, bounds, 100, true));
  EXPECT_FALSE(is_accepting({0, between, 1000, 0}, bounds, 100, false));
  EXPECT_TRUE(is_accepting({0, 0, 1000, 0}, bounds, 100, false));
  EXPECT_FALSE(is_accepting({0, bounds.high, 1000, 0}, bounds, 100, true));
  EXPECT_FALSE(is_accepting({0, 0, 99, 0}, bounds, 100, true)) << "others have filled the disk";
  EXPECT_FALSE(is_accepting({0, 0, 105, 0}, bounds, 100, false));
}

TEST(Bounds, RoomInsideTheFileEndsThePauseThatTheFileItselfMade) {
  const Bounds bounds = bounds_of(1 << 20);
  const std::int64_t emptied = 10'000;
  EXPECT_FALSE(is_accepting({emptied, emptied, 90, 0}, bounds, 100, false)) << "full of rows";
  EXPECT_TRUE(is_accepting({emptied, 0, 90, 0}, bounds, 100, false)) << "sent and purged";
  EXPECT_FALSE(is_accepting({emptied, 0, 40, 0}, bounds, 100, false)) << "others took more than half of the floor";
}

TEST(Bounds, TheLogMayGrowAndEndWithoutAPause) {
  const Bounds bounds = bounds_of(128LL << 20);
  const std::int64_t floor = floor_free(0, bounds), spare = 3LL << 20;
  EXPECT_TRUE(is_accepting({bounds.wal, bounds.wal, floor + spare - bounds.wal, 0, bounds.wal}, bounds, floor, true));
  EXPECT_TRUE(is_accepting({0, 0, floor + spare, 0, 0}, bounds, floor, true));
  const std::int64_t beyond = 4 * bounds.wal;
  EXPECT_FALSE(is_accepting({beyond, beyond, floor + spare - beyond, 0, beyond}, bounds, floor, true));
}

TEST(Bounds, TheFloorIsNeverLessThanTheStoreNeedsToEmptyItself) {
  const Bounds bounds = bounds_of(128LL << 20);
  EXPECT_EQ(floor_free(512LL << 20, bounds), 512LL << 20);
  const std::int64_t least = floor_free(0, bounds);
  EXPECT_EQ(least, 24LL << 20);
  EXPECT_FALSE(is_accepting({0, 0, 0, 0}, bounds, least, true)) << "not a byte free";
  // The log and the rows of the last moments have gone into the file since; all of it was sent and purged.
  const std::int64_t file = 64LL << 20, missing = bounds.wal + (1LL << 20);
  EXPECT_TRUE(is_accepting({file, 0, least - missing, 0}, bounds, least, false));
}

}  // namespace
}  // namespace edge
