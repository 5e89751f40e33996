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
  /// Of the row with n = 7, in the file; SQLite sees nothing wrong.
  void change_a_value() {
    const std::string all = read_all(file());
    overwrite(all.find("28.50", all.find(R"("n":7})") - 200), "99.50");
  }
  /// No schema, no root of any table is left; nothing newer stands in the WAL.
  void kill_and_lose_first_page() {
    EXPECT_TRUE(store_->flush());
    kill();
    overwrite(0, std::string(1024, '\0'));
  }
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
  kill_and_lose_first_page();
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

TEST_F(SalvageTest, GoesOnWithTheAlibiMemoryWithoutTheFirstPage) {
  fill();
  const auto before = chain();
  ASSERT_EQ(before.size(), 3U);
  kill_and_lose_first_page();
  open();
  ASSERT_EQ(store_->chain_heads().size(), 1U) << "at once: a truck may stand on the scale";
  EXPECT_EQ(store_->chain_heads()[0].hash, before.back().hash);
  const auto fresh = record("20000");
  wait_upkeep();
  const auto links = chain();
  ASSERT_EQ(links.size(), 5U);
  for (std::size_t n = 0; n < before.size(); ++n) EXPECT_EQ(links[n].hash, before[n].hash);
  EXPECT_EQ(links[3].role, "genesis");
  ASSERT_TRUE(links[3].genesis);
  EXPECT_EQ(links[3].genesis->hash, before.back().hash);
  EXPECT_EQ(links[4].hash, fresh.hash);
  expect_chain();
  kill_and_lose_first_page();
  open();
  wait_upkeep();
  EXPECT_EQ(chain().size(), 5U) << "a second time too";
  EXPECT_EQ(store_->chain_heads().at(0).hash, fresh.hash);
}

/// Bits of a frame in the midst of the log: SQLite believes nothing from there on, and says nothing.
TEST_F(SalvageTest, LosesNoCommitBehindDamageInTheLog) {
  append(50);
  ASSERT_TRUE(store_->flush());
  append(60);
  record("38440");
  const Delivered waits = waiting_records();
  const auto head = store_->chain_heads().at(0);
  kill();
  const auto middle = fs::file_size(file("-wal")) / 2;
  const std::string log = read_all(file("-wal"));
  for (const std::uintmax_t at : {middle, middle + 5'000}) overwrite(at, std::string(1, static_cast<char>(log[at] ^ 4)), "-wal");
  open();
  EXPECT_EQ(store_->identity().reason, "corrupt");
  append(5);
  wait_upkeep();
  Delivered delivered;
  ASSERT_TRUE(deliver(delivered));
  std::int64_t missing = 0;
  for (const auto& [uid, json] : waits) {
    EXPECT_LE(delivered.count(uid), 1U);
    missing += delivered.contains(uid) ? 0 : 1;
  }
  EXPECT_EQ(told(delivered), missing);
  EXPECT_LE(missing, 2) << "rows whose last copy was in a damaged frame";
  EXPECT_EQ(chain().at(1).hash, head.hash);
  const auto recovery = store_->identity().recovery;
  EXPECT_THAT(recovery.unknown_end, testing::StartsWith("possibly up to ")) << "it was killed";
  EXPECT_THAT(read_all(kept().at(0) / "salvaged.txt"), testing::HasSubstr(recovery.unknown_end));
}

TEST_F(SalvageTest, SaysWhatIsGoneWithTheEndOfTheLog) {
  append(50);
  ASSERT_TRUE(store_->flush());
  append(60);
  clock_.advance(std::chrono::seconds(61));
  (void)pending();  // handed out: on the disk
  append(1);
  clock_.advance(std::chrono::seconds(61));
  append(1);  // and noted
  kill();
  fs::resize_file(file("-wal"), 0);
  open();
  EXPECT_EQ(store_->identity().reason, "corrupt") << "no number of a lost row is given again";
  wait_upkeep();
  Delivered delivered;
  ASSERT_TRUE(deliver(delivered));
  EXPECT_EQ(told(delivered), 62);
  EXPECT_THAT(store_->identity().recovery.unknown_end, testing::StartsWith("possibly up to 4096 rows more after "));
}

TEST_F(SalvageTest, TakesNoOrdinaryEndOfTheLogForDamage) {
  append(60);
  kill();
  open();
  EXPECT_EQ(store_->identity().reason, "");
  append(60);
  kill();
  fs::resize_file(file("-wal"), fs::file_size(file("-wal")) - 700);  // torn by a power cut
  open();
  EXPECT_EQ(store_->identity().reason, "");
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
  change_a_value();
  open();
  EXPECT_EQ(store_->identity().reason, "");
  const auto rows = pending();
  EXPECT_EQ(rows.size(), 19U);
  const auto letters = *store_->dead_letters(10, 0);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].code, "damaged");
  EXPECT_EQ(store_->identity().recovery.damaged_rows, 1);
  EXPECT_EQ(store_->totals().dead, 1);
}

TEST_F(SalvageTest, CountsADamagedRowOnceWhoeverFindsItFirst) {
  append(20);
  ASSERT_TRUE(store_->flush());
  kill();
  change_a_value();
  open();
  wait_upkeep();
  EXPECT_EQ(store_->identity().recovery.damaged_rows, 1) << "the inspection tells of it before it would be sent";
  EXPECT_EQ(pending().size(), 19U);
  EXPECT_EQ(store_->identity().recovery.damaged_rows, 1);
}

TEST_F(SalvageTest, GoesOnInTheSameFileWhereOneRowWasChanged) {
  append(20);
  ASSERT_TRUE(store_->flush());
  kill();
  change_a_value();
  for (int start = 1; start <= 2; ++start) {
    open();
    EXPECT_THAT(kept(), testing::IsEmpty()) << "start " << start;
    EXPECT_EQ(store_->identity().epoch, "3");
    Delivered delivered;
    ASSERT_TRUE(deliver(delivered));
    const auto letters = *store_->dead_letters(10, 0);
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(delivered.size(), start == 1 ? 20U : 0U) << "19 rows and the gap record";
    EXPECT_EQ(told(delivered), start == 1 ? 1 : 0);
    for (const auto& [uid, json] : delivered) {
      const auto record = wire::decode(json);
      const auto* const gap = record ? std::get_if<wire::Gap>(&*record) : nullptr;
      if (gap == nullptr) continue;
      EXPECT_EQ(gap->reason, "corrupt");
      EXPECT_EQ(gap->from_seq, letters[0].seq);
      EXPECT_EQ(gap->to_seq, letters[0].seq);
      EXPECT_EQ(gap->stamp.epoch, "3");
    }
    wait_upkeep();
    EXPECT_THAT(letters[0].record, testing::HasSubstr("99.50")) << "what is left of it is kept";
    EXPECT_EQ(store_->identity().recovery.damage, "");
    EXPECT_EQ(store_->identity().recovery.lost, 1);
    EXPECT_TRUE(conservation_of(*store_->audit()).holds());
  }
  append(1);
  EXPECT_EQ(pending().at(0).seq, 21);
}

TEST_F(SalvageTest, BringsDeadLettersOverAsDeadLetters) {
  append(10);
  std::vector<Outcome> outcomes;
  for (const PendingRow& row : pending()) {
    outcomes.emplace_back();
    outcomes.back().id = row.id;
    if (row.id % 2 == 0) continue;
    outcomes.back().kind = Outcome::Kind::kDead;
    outcomes.back().status = "rejected";
    outcomes.back().code = "unknown_device";
    outcomes.back().message = "there is no such device";
  }
  ASSERT_TRUE(store_->settle(outcomes, clock_.utc_ms()));
  const auto before = *store_->dead_letters(10, 0);
  ASSERT_EQ(before.size(), 5U);
  append(3);
  kill();
  std::ofstream(dir_.path() / "suspect") << "seen by a test\n";
  open();
  wait_upkeep();
  EXPECT_EQ(waiting().size(), 3U) << "no letter waits to be sent";
  EXPECT_EQ(pending().size(), 3U);
  EXPECT_EQ(store_->totals().dead, 5);
  EXPECT_EQ(store_->totals().pending, 3);
  const auto after = *store_->dead_letters(10, 0);
  ASSERT_EQ(after.size(), 5U);
  for (std::size_t n = 0; n < after.size(); ++n) {
    EXPECT_EQ(after[n].record, before[n].record);
    EXPECT_EQ(after[n].at, before[n].at);
    EXPECT_EQ(after[n].status, "rejected");
    EXPECT_EQ(after[n].code, "unknown_device");
    EXPECT_EQ(after[n].message, "there is no such device");
  }
  EXPECT_TRUE(conservation_of(*store_->audit()).holds());
  open();
  EXPECT_EQ(store_->totals().dead, 5) << "after a restart too";
  EXPECT_EQ(waiting().size(), 3U);
  EXPECT_EQ(*store_->requeue_all("unknown_device"), 5);
  EXPECT_EQ(waiting().size(), 8U);
}

TEST_F(SalvageTest, OutlivesASecondCorruption) {
  const Delivered waits = fill();
  kill_and_lose_first_page();
  open();
  wait_upkeep();
  append(10);
  const Delivered mine = waiting_records();
  kill_and_lose_first_page();
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
