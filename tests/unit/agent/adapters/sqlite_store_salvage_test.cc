#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>

#include "agent/adapters/sqlite_store/salvage.h"
#include "tests/unit/agent/adapters/salvage_rig.h"

namespace edge {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using Delivered = std::multimap<std::string, std::string>;

std::string read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class SalvageTest : public test::SalvageRig {
 protected:
  /// 400 rows of which 100 are sent, two weighings, a ticket, an open ticket: all that waits, by uid.
  Delivered fill() {
    append(100);
    settle_all();
    append(150);
    EXPECT_TRUE(store_->flush());
    append(150);
    const auto open = store_->put(test::open_ticket(clock_.utc_ms()));
    record("38440", open->id);
    record("14580", open->id);
    finish(open->id, test::ticket(clock_.utc_ms()));
    EXPECT_TRUE(store_->put(test::open_ticket(clock_.utc_ms())));
    EXPECT_TRUE(store_->save_config("the last good one"));
    return waiting_records();
  }
  void lose_first_page() { overwrite(0, std::string(1024, '\0')); }
};

TEST_F(SalvageTest, PutsEverythingBackWithItsUidEpochAndSeq) {
  const Delivered waits = fill();
  kill();
  std::ofstream(dir_.path() / "suspect") << "seen by a test\n";
  const std::string before = read_all(file()), wal = read_all(file("-wal"));
  open();
  append(3);  // the present epoch goes on beside it
  wait_upkeep();
  const fs::path aside = kept().at(0);
  EXPECT_EQ(read_all(aside / "edge.sqlite"), before) << "what is kept stays as it was found";
  EXPECT_EQ(read_all(aside / "edge.sqlite-wal"), wal);
  append(2);
  Delivered delivered;
  std::set<std::int64_t> own;
  for (const PendingRow& row : waiting()) {
    if (row.epoch == store_->identity().epoch) own.insert(row.seq);
  }
  EXPECT_THAT(own, ElementsAre(1, 2, 3, 4, 5)) << "dense, whatever stands in between";
  ASSERT_TRUE(deliver(delivered));
  for (const auto& [uid, json] : waits) {
    ASSERT_EQ(delivered.count(uid), 1U) << json;
    EXPECT_EQ(delivered.find(uid)->second, json);
  }
  EXPECT_EQ(delivered.size(), waits.size() + 5) << "nothing twice, nothing that was sent before";
  const auto recovery = store_->identity().recovery;
  EXPECT_EQ(recovery.put_back, static_cast<std::int64_t>(waits.size()));
  EXPECT_EQ(recovery.lost, 0);
  EXPECT_TRUE(conservation_of(*store_->audit()).holds());
  EXPECT_EQ(store_->identity().last_epoch, "3") << "no epoch is granted twice";
}

TEST_F(SalvageTest, TakesOverWhatWorkCannotGoOnWithout) {
  fill();
  const auto head = store_->chain_heads().at(0);
  const auto tickets = *store_->tickets("", 10);
  kill();
  std::ofstream(dir_.path() / "suspect") << "seen by a test\n";
  open();
  ASSERT_EQ(store_->chain_heads().size(), 1U) << "at once, not when the salvage gets there";
  EXPECT_EQ(store_->chain_heads()[0].hash, head.hash);
  EXPECT_EQ(store_->open_tickets()->size(), 1U);
  EXPECT_EQ(*store_->load_config(), "the last good one");
  const auto fresh = record("20000");
  wait_upkeep();
  const auto links = chain();
  ASSERT_EQ(links.size(), 5U);
  EXPECT_EQ(links[3].role, "genesis");
  ASSERT_TRUE(links[3].genesis);
  EXPECT_EQ(links[3].genesis->hash, head.hash) << "the chain is not torn";
  EXPECT_EQ(links[4].hash, fresh.hash);
  expect_chain();
  ASSERT_EQ(store_->tickets("", 10)->size(), 1U);
  EXPECT_EQ(store_->tickets("", 10)->at(0).number, tickets.at(0).number);
}

TEST_F(SalvageTest, FindsRowsThatSqliteCannotReachAnyMore) {
  const Delivered waits = fill();
  kill();
  lose_first_page();  // no schema, no root of any table
  open();
  wait_upkeep();
  Delivered delivered;
  ASSERT_TRUE(deliver(delivered));
  for (const auto& [uid, json] : waits) {
    ASSERT_EQ(delivered.count(uid), 1U) << json;
    EXPECT_EQ(delivered.find(uid)->second, json);
  }
  EXPECT_EQ(store_->identity().recovery.lost, 0);
}

TEST_F(SalvageTest, SaysWhichRowsAreLost) {
  const Delivered waits = fill();
  ASSERT_TRUE(store_->flush());
  kill();
  // One leaf page in the midst of the rows that wait.
  std::string all = read_all(file());
  const std::size_t at = all.find(R"("n":70})", all.size() / 2) / 1024 * 1024;
  overwrite(at, std::string(1024, '\0'));
  open();
  EXPECT_EQ(store_->identity().reason, "corrupt");
  wait_upkeep();
  Delivered delivered;
  ASSERT_TRUE(deliver(delivered));
  std::int64_t missing = 0;
  for (const auto& [uid, json] : waits) missing += delivered.contains(uid) ? 0 : 1;
  EXPECT_GT(missing, 0);
  EXPECT_EQ(told(delivered), missing);
  EXPECT_EQ(store_->identity().recovery.lost, missing);
  EXPECT_TRUE(conservation_of(*store_->audit()).holds());
}

TEST_F(SalvageTest, NeverSendsARowThatWasChanged) {
  append(20);
  ASSERT_TRUE(store_->flush());
  kill();
  const std::string all = read_all(file());
  overwrite(all.find("28.50", all.find(R"("n":7})") - 200), "99.50");  // SQLite sees nothing wrong
  open();
  EXPECT_EQ(store_->identity().reason, "");
  const auto rows = pending();
  EXPECT_EQ(rows.size(), 19U);
  const auto letters = *store_->dead_letters(10, 0);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].code, "damaged");
  EXPECT_NE(store_->identity().recovery.damage, "");
  EXPECT_EQ(store_->totals().dead, 1);
}

TEST_F(SalvageTest, OutlivesASecondCorruption) {
  const Delivered waits = fill();
  kill();
  lose_first_page();
  open();
  wait_upkeep();
  append(10);
  const Delivered mine = waiting_records();
  kill();
  lose_first_page();
  open();
  wait_upkeep();
  EXPECT_EQ(kept().size(), 2U);
  Delivered delivered;
  ASSERT_TRUE(deliver(delivered));
  for (const auto& [uid, json] : mine) {
    ASSERT_EQ(delivered.count(uid), 1U);
    EXPECT_EQ(delivered.find(uid)->second, json) << "an epoch of two stores ago";
  }
}

TEST_F(SalvageTest, GoesOnWhereItWasKilled) {
  append(6'000);
  const Delivered waits = waiting_records();
  kill();
  std::ofstream(dir_.path() / "suspect") << "seen by a test\n";
  std::mt19937 random(7);
  for (int round = 0; round < 40 && (round == 0 || !kept(true).empty()); ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto opened = SqliteStore::open(options(), clock_);
      if (!opened) ::_exit(1);
      std::this_thread::sleep_for(std::chrono::seconds(60));
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + random() % 120));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  open();
  wait_upkeep();
  Delivered delivered;
  ASSERT_TRUE(deliver(delivered));
  EXPECT_EQ(delivered, waits) << "each exactly once";
  EXPECT_TRUE(conservation_of(*store_->audit()).holds());
}

TEST(IdRanges, LoseAnId) {
  std::vector<IdRange> ranges{{1, 1}, {5, 9}, {20, 22}};
  for (const RowId id : {1, 7, 20, 22, 4, 30}) take_out(ranges, id);
  EXPECT_THAT(ranges, ElementsAre(IdRange{5, 6}, IdRange{8, 9}, IdRange{21, 21}));
}

}  // namespace
}  // namespace edge
