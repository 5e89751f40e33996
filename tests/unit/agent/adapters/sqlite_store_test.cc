#include "agent/adapters/sqlite_store/sqlite_store.h"

#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "protocols/record/identity.h"
#include "tests/support/fake_clock.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"
#include "tests/support/weighings.h"

namespace edge {
namespace {

namespace fs = std::filesystem;
using test::FakeClock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class StoreTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  StoreOptions options() const {
    StoreOptions options;
    options.dir = dir_.path();
    options.gateway = "gw-silo-a";
    options.min_free = 0;
    options.ballast_bytes = 1 << 16;
    return options;
  }
  void open() {
    store_.reset();
    auto opened = SqliteStore::open(options(), clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(*opened);
  }
  void append(int count, const Counters& add = {}) {
    auto rows = test::rows(count, clock_.utc_ms());
    const auto stored = store_->append(rows, add);
    ASSERT_TRUE(stored) << stored.error().detail;
  }
  std::vector<PendingRow> pending(std::size_t limit = 500) { return *store_->pending(limit, clock_.utc_ms(), false); }
  fs::path file() const { return dir_.path() / "edge.sqlite"; }

  test::TempDir dir_;
  FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(StoreTest, BeginsInAProvisionalEpoch) {
  const StoreIdentity identity = store_->identity();
  EXPECT_TRUE(identity.provisional);
  EXPECT_EQ(identity.reason, "new_store");
  EXPECT_THAT(identity.epoch, testing::MatchesRegex("p[0-9a-f]{8}"));
  EXPECT_THAT(identity.instance, testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(identity.last_epoch, "");
}

TEST_F(StoreTest, KeepsEveryFieldOfARowAcrossARestart) {
  NewObservation row = test::row(1, clock_.utc_ms());
  Observation& o = row.observation;
  o.uid = "6f24299c07187094bab81ef655773fca";
  o.identity = Identity::kContent;
  o.index = 4;
  o.clock = ClockState::kCorrected;
  o.flag = Flag::kQuarantine;
  o.reasons = {"critical_max:35", "unknown_device"};
  o.value_in = "83.30";
  o.unit_in = "F";
  o.raw = "base64:/wB7";
  o.raw_bytes = 3;
  o.raw_sha256 = std::string(64, 'a');
  o.fold = Fold{312, 5, 6, ""};
  ASSERT_TRUE(store_->append({&row, 1}, {}));
  open();
  const auto rows = pending();
  ASSERT_EQ(rows.size(), 1U);
  const Observation& kept = rows[0].observation;
  EXPECT_EQ(kept.uid, o.uid);
  EXPECT_EQ(kept.identity, o.identity);
  EXPECT_EQ(kept.site, o.site);
  EXPECT_EQ(kept.device, o.device);
  EXPECT_EQ(kept.type, o.type);
  EXPECT_EQ(kept.index, 4);
  EXPECT_EQ(kept.observed_at, o.observed_at);
  EXPECT_EQ(kept.received_at, o.received_at);
  EXPECT_EQ(kept.time_source, o.time_source);
  EXPECT_EQ(kept.clock, o.clock);
  EXPECT_EQ(kept.boot, o.boot);
  EXPECT_EQ(kept.mono_ms, o.mono_ms);
  EXPECT_EQ(kept.value, o.value);
  EXPECT_EQ(kept.unit, o.unit);
  EXPECT_EQ(kept.value_in, o.value_in);
  EXPECT_EQ(kept.unit_in, o.unit_in);
  EXPECT_EQ(kept.flag, o.flag);
  EXPECT_EQ(kept.reasons, o.reasons);
  EXPECT_EQ(kept.policy_version, o.policy_version);
  EXPECT_EQ(kept.raw, o.raw);
  EXPECT_EQ(kept.raw_bytes, 3);
  EXPECT_EQ(kept.raw_sha256, o.raw_sha256);
  ASSERT_TRUE(kept.fold);
  EXPECT_EQ(kept.fold->count, 312);
  EXPECT_EQ(kept.fold->last_at, 6);
}

TEST_F(StoreTest, KeepsOddTextsAsTheyAre) {
  NewObservation row = test::row(1, clock_.utc_ms());
  row.observation.boot = "BOOT";
  row.observation.policy_version = "007";
  row.observation.value.reset();
  row.observation.aggregate = Aggregate{1, 2, "1.0", "1.5", "2.0", "2", 360};
  ASSERT_TRUE(store_->append({&row, 1}, {}));
  const auto rows = pending();
  EXPECT_EQ(rows[0].observation.boot, "BOOT");
  EXPECT_EQ(rows[0].observation.policy_version, "007");
  EXPECT_EQ(rows[0].observation.value, std::nullopt);
  ASSERT_TRUE(rows[0].observation.aggregate);
  EXPECT_EQ(rows[0].observation.aggregate->last, "2");
  EXPECT_EQ(rows[0].observation.aggregate->count, 360);
}

TEST_F(StoreTest, CountsSeqDenselyPerEpoch) {
  append(2);
  const std::string provisional = store_->identity().epoch;
  ASSERT_TRUE(store_->grant_epoch("3"));
  append(2);
  open();
  const auto rows = pending();
  ASSERT_EQ(rows.size(), 4U);
  const auto seqs = [&](std::size_t n) { return std::pair(rows[n].epoch, rows[n].seq); };
  EXPECT_EQ(seqs(0), std::pair(provisional, std::int64_t{1}));
  EXPECT_EQ(seqs(1), std::pair(provisional, std::int64_t{2}));
  EXPECT_EQ(seqs(2), std::pair(std::string("3"), std::int64_t{1}));
  EXPECT_EQ(seqs(3), std::pair(std::string("3"), std::int64_t{2}));
  EXPECT_EQ(rows[2].observation.uid, uid_of_sequence("gw-silo-a", "3", "observation", "1"));
  EXPECT_EQ(store_->totals().last_seq, 2);
  EXPECT_EQ(store_->identity().epoch, "3") << "an ordinary restart keeps its epoch";
  EXPECT_FALSE(store_->identity().provisional);
  EXPECT_EQ(store_->identity().reason, "");
  EXPECT_EQ(store_->identity().last_epoch, "3");
}

TEST_F(StoreTest, RefusesAnEpochThatWouldGiveUidsTwice) {
  ASSERT_TRUE(store_->grant_epoch("12"));
  for (const char* epoch : {"12", "9", "1"}) {
    EXPECT_EQ(store_->grant_epoch(epoch).error().code, Errc::kRefused) << epoch;
  }
  for (const char* epoch : {"", "p5f0c9a1e", "-1", "012", "1 "}) {
    EXPECT_EQ(store_->grant_epoch(epoch).error().code, Errc::kMalformed) << epoch;
  }
  EXPECT_TRUE(store_->grant_epoch("13"));
  EXPECT_EQ(store_->identity().epoch, "13");
}

TEST_F(StoreTest, TakesAnotherInstanceAtEachOpening) {
  const std::string first = store_->identity().instance;
  open();
  EXPECT_NE(store_->identity().instance, first);
}

TEST_F(StoreTest, CommitsCountersWithTheirRows) {
  append(2, {{"messages", 1}, {"readings", 2}});
  append(0, {{"messages", 1}, {"duplicate", 1}});
  open();
  EXPECT_THAT(store_->counters(),
              ElementsAre(testing::Pair("duplicate", 1), testing::Pair("messages", 2), testing::Pair("readings", 2)));
}

TEST_F(StoreTest, CountsWhatStandsInTheTalliesOfRowsAlone) {
  const Counters decoded{{"messages", 1}, {"decoded", 1}, {"readings", 1}};
  const Counters undecodable{{"messages", 1}, {"undecodable", 1}, {"readings", 1}};
  for (int n = 0; n < 7; ++n) append(1, n % 3 == 0 ? undecodable : decoded);
  open();
  for (int n = 0; n < 1500; ++n) append(1, decoded);
  append(2, {{"messages", 1}, {"decoded", 1}, {"readings", 2}});
  append(1, decoded);
  const Counters before = store_->counters();
  EXPECT_EQ(before.at("messages"), 1509);
  EXPECT_EQ(before.at("decoded"), 1506);
  EXPECT_EQ(before.at("undecodable"), 3);
  EXPECT_EQ(before.at("readings"), 1510);
  EXPECT_FALSE(before.contains("#upto"));
  open();
  EXPECT_EQ(store_->counters(), before);
}

TEST_F(StoreTest, KeepsTheTalliesOfRowsThatArePurged) {
  for (int n = 0; n < 5; ++n) append(1, {{"messages", 1}, {"decoded", 1}, {"readings", 1}});
  std::vector<Outcome> outcomes(5);
  const auto rows = pending();
  for (std::size_t n = 0; n < 5; ++n) outcomes[n].id = rows[n].id;
  ASSERT_TRUE(store_->settle(outcomes, clock_.utc_ms()));
  clock_.advance(std::chrono::hours(24 * 8));
  EXPECT_TRUE(pending().empty());
  EXPECT_TRUE(store_->newest(10)->empty());
  open();
  EXPECT_EQ(store_->counters().at("readings"), 5);
}

TEST_F(StoreTest, GivesTheNewestRowsForTheWindow) {
  append(5);
  const auto recent = *store_->newest(2);
  ASSERT_EQ(recent.size(), 2U);
  const auto rows = pending();
  EXPECT_EQ(recent[0].uid, rows[3].observation.uid);
  EXPECT_EQ(recent[1].uid, rows[4].observation.uid);
  EXPECT_EQ(recent[1].packet_id, 5);
  EXPECT_EQ(recent[1].identity, Identity::kReceived);
  EXPECT_EQ(recent[1].raw_sha256, rows[4].observation.raw_sha256);
  EXPECT_EQ(recent[1].device, "bin0-t1");
  const auto before = *store_->newest(2, 1);
  ASSERT_EQ(before.size(), 2U);
  EXPECT_EQ(before[0].uid, rows[2].observation.uid);
  EXPECT_EQ(before[1].uid, rows[3].observation.uid);
  EXPECT_EQ(store_->newest(4, 3)->size(), 2U);
  EXPECT_TRUE(store_->newest(4, 7)->empty());
}

TEST_F(StoreTest, KeepsTheLastGoodConfiguration) {
  EXPECT_EQ(*store_->load_config(), std::nullopt);
  ASSERT_TRUE(store_->save_config("one"));
  ASSERT_TRUE(store_->save_config("two"));
  open();
  EXPECT_EQ(*store_->load_config(), "two");
}

TEST_F(StoreTest, RefusesASecondOpener) {
  const auto second = SqliteStore::open(options(), clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kRefused);
  EXPECT_THAT(second.error().detail, HasSubstr("another edge-agent holds"));
  append(1);
}

TEST_F(StoreTest, RefusesANewerSchema) {
  append(1);
  store_.reset();
  {
    SQLite::Database db(file().string(), SQLite::OPEN_READWRITE);
    db.exec("PRAGMA user_version = 99");
  }
  const auto opened = SqliteStore::open(options(), clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::kUnsupported);
  EXPECT_THAT(opened.error().detail, HasSubstr("schema 99"));
  EXPECT_TRUE(fs::exists(file())) << "nothing is set aside: it is sound";
}

TEST_F(StoreTest, SetsACorruptFileAsideAndGoesOn) {
  append(3);
  store_.reset();
  std::ofstream(file(), std::ios::trunc) << std::string(4096, 'x');
  open();
  const StoreIdentity identity = store_->identity();
  EXPECT_TRUE(identity.provisional);
  EXPECT_EQ(identity.reason, "corrupt");
  EXPECT_EQ(identity.corrupt_at, clock_.utc_ms());
  EXPECT_THAT(identity.corrupt_kept_in, HasSubstr("corrupt-20260223T100001Z"));
  EXPECT_EQ(fs::file_size(fs::path(identity.corrupt_kept_in) / "edge.sqlite"), 4096U);
  EXPECT_TRUE(pending().empty());
  append(1);
  ASSERT_TRUE(store_->grant_epoch("4"));
  open();
  EXPECT_EQ(store_->identity().corrupt_kept_in, identity.corrupt_kept_in) << "said until a person has seen it";
  EXPECT_EQ(pending().size(), 1U);
}

TEST_F(StoreTest, FindsDamageInsideAFileAfterAnUncleanEnd) {
  append(500);
  ASSERT_TRUE(store_->flush());
  const fs::path copy = dir_.path() / "copy";
  fs::copy_file(file(), copy);  // as kill -9 leaves it: not marked clean
  store_.reset();
  fs::rename(copy, file());
  {
    std::fstream damage(file(), std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(static_cast<std::streamoff>(fs::file_size(file()) / 2));
    damage << std::string(3000, '\xA5');
  }
  open();
  EXPECT_EQ(store_->identity().reason, "corrupt");
  append(1);
}

TEST_F(StoreTest, KnowsAWalWithoutItsDatabase) {
  store_.reset();
  fs::remove(file());
  std::ofstream(file().string() + "-wal") << "what is left";
  open();
  EXPECT_EQ(store_->identity().reason, "corrupt");
}

TEST_F(StoreTest, SurvivesAProcessThatJustEnded) {
  append(10, {{"messages", 10}});
  const fs::path other = dir_.path() / "after";
  fs::create_directory(other);
  for (const char* name : {"edge.sqlite", "edge.sqlite-wal"}) {
    if (fs::exists(dir_.path() / name)) fs::copy_file(dir_.path() / name, other / name);
  }
  StoreOptions copied = options();
  copied.dir = other;
  auto opened = SqliteStore::open(copied, clock_);
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ((*opened)->pending(500, clock_.utc_ms(), false)->size(), 10U);
  EXPECT_EQ((*opened)->identity().epoch, store_->identity().epoch);
}

TEST_F(StoreTest, WorksAtBothSyncLevels) {
  store_.reset();
  StoreOptions each = options();
  each.level = SyncLevel::kEachCommit;
  auto opened = SqliteStore::open(each, clock_);
  ASSERT_TRUE(opened) << opened.error().detail;
  auto rows = test::rows(3, clock_.utc_ms());
  ASSERT_TRUE((*opened)->append(rows, {}));
  EXPECT_EQ((*opened)->pending(10, clock_.utc_ms(), false)->size(), 3U);
  EXPECT_TRUE((*opened)->flush());
}

TEST_F(StoreTest, StaysSmallPerRow) {
  constexpr int kRows = 5000;
  auto rows = test::rows(kRows, clock_.utc_ms(), 50);
  std::int64_t raw = 0;
  for (const NewObservation& row : rows) raw += row.observation.raw_bytes;
  const std::int64_t before = store_->size().bytes;
  ASSERT_TRUE(store_->append(rows, {}));
  ASSERT_TRUE(store_->flush());
  const std::int64_t beyond_raw = (store_->size().bytes - before - raw) / kRows;
  EXPECT_LE(beyond_raw, 200);
  RecordProperty("bytes_beyond_raw", static_cast<int>(beyond_raw));
}

}  // namespace
}  // namespace edge
