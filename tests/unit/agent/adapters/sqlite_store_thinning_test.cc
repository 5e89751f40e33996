#include <map>
#include <set>

#include "tests/support/room_rig.h"

namespace edge {
namespace {

using std::chrono::seconds;

class ThinningTest : public test::RoomRig {};

std::int64_t count_of(const std::vector<PendingRow>& rows, Flag flag) {
  std::int64_t count = 0;
  for (const PendingRow& row : rows) count += row.document.empty() && row.observation.flag == flag;
  return count;
}

TEST_F(ThinningTest, LetsTheOldestOkReadingsGoAndSaysSo) {
  const std::int64_t count = fill(Flag::kOk);
  EXPECT_FALSE(store_->accepting());
  keep_house();
  EXPECT_TRUE(store_->accepting()) << "the newest can come in";
  const auto rows = waiting();
  const std::int64_t gone = counter("thinned.ok");
  EXPECT_GT(gone, 0);
  EXPECT_LT(gone, count * 3 / 4) << "no more than room was needed for";
  EXPECT_EQ(count_of(rows, Flag::kOk), count - gone);
  EXPECT_EQ(rows.front().id, gone + 1) << "the oldest went";
  EXPECT_EQ(counted(gaps_of(rows)), gone);
  for (const wire::Gap& gap : gaps_of(rows)) {
    EXPECT_EQ(gap.reason, "thinned_ok");
    EXPECT_EQ(gap.device, "bin0-t1");
    EXPECT_EQ(gap.stamp.site, "silo-a");
    EXPECT_EQ(gap.to_seq - gap.from_seq + 1, gap.count) << "nothing else was in between";
    EXPECT_LE(gap.to_at - gap.from_at, 3'600'000);
  }
  expect_sums();
  open();
  EXPECT_EQ(waiting().size(), rows.size());
  EXPECT_EQ(counter("thinned.ok"), gone);
  expect_sums();
}

TEST_F(ThinningTest, KeepsPaceWithReadingsSoThatNoSourcePauses) {
  for (int n = 0; n < 30'000; ++n) {
    ASSERT_TRUE(append(flagged(Flag::kOk, n % 5)));
    clock_.advance(seconds(1));
    if (n % 100 == 0) keep_house();
    ASSERT_TRUE(store_->accepting()) << n;
  }
  EXPECT_GT(counter("thinned.ok"), 10'000);
  EXPECT_EQ(counted(gaps()), counter("thinned.ok"));
  EXPECT_LE(gaps().size(), 12U) << "one an hour, not one for every few rows";
  for (const wire::Gap& gap : gaps()) EXPECT_EQ(gap.device, "") << "of several";
  expect_sums();
}

TEST_F(ThinningTest, GoesByClassAndNeverTouchesQuarantineWeighingsAndTickets) {
  const OpenTicket ticket = store_->put(test::open_ticket(clock_.utc_ms())).value();
  for (const char* kg : {"38440", "14580"}) ASSERT_TRUE(store_->record(test::weighing(clock_.utc_ms(), kg), ticket.id));
  ASSERT_TRUE(store_->finish(ticket.id, test::ticket(clock_.utc_ms()), "S1"));
  const std::size_t documents = waiting().size();
  std::map<Flag, std::int64_t> made;
  // Until nothing but Quarantine is left to go, or nearly so.
  for (int n = 0; n < 40'000 && counter("thinned.warning") < 500; ++n) {
    const auto flag = static_cast<Flag>(n % 4);
    if (append(flagged(flag, n % 7))) ++made[flag];
    clock_.advance(seconds(70));
    if (n % 50 == 0) keep_house();
  }
  const auto rows = waiting();
  EXPECT_EQ(count_of(rows, Flag::kQuarantine), made[Flag::kQuarantine]);
  std::set<std::string> kinds;
  for (const PendingRow& row : rows) kinds.insert(row.document.empty() ? "" : row.observation.type);
  EXPECT_EQ(kinds, (std::set<std::string>{"", "gap", "weighing", "scale_ticket"}));
  EXPECT_EQ(rows.size() - gaps_of(rows).size() - documents, static_cast<std::size_t>(
      count_of(rows, Flag::kOk) + count_of(rows, Flag::kWarning) + count_of(rows, Flag::kInvalid) +
      count_of(rows, Flag::kQuarantine)));
  for (const auto& [flag, reason, name] : {std::tuple{Flag::kOk, "thinned_ok", "thinned.ok"},
                                           std::tuple{Flag::kInvalid, "thinned_invalid", "thinned.invalid"},
                                           std::tuple{Flag::kWarning, "thinned_warning", "thinned.warning"}}) {
    EXPECT_GT(counter(name), 0) << name;
    EXPECT_EQ(count_of(rows, flag), made[flag] - counter(name)) << reason;
    EXPECT_EQ(counted(gaps_of(rows), reason), counter(name));
  }
  expect_sums();
}

TEST_F(ThinningTest, SparesWarningsWhileThereAreOkReadings) {
  for (int n = 0; n < 500; ++n) ASSERT_TRUE(append(flagged(Flag::kWarning)));
  for (int n = 0; n < 500; ++n) ASSERT_TRUE(append(flagged(Flag::kInvalid, n)));
  fill(Flag::kOk);
  keep_house();
  EXPECT_GT(counter("thinned.ok"), 0);
  EXPECT_EQ(counter("thinned.warning") + counter("thinned.invalid"), 0);
  EXPECT_EQ(count_of(waiting(), Flag::kWarning), 500);
}

TEST_F(ThinningTest, SaysFullWhereOnlyFlaggedRowsAreLeft) {
  const std::int64_t count = fill(Flag::kQuarantine, seconds(61));
  keep_house();
  EXPECT_FALSE(store_->accepting());
  EXPECT_EQ(count_of(waiting(), Flag::kQuarantine), count);
  EXPECT_TRUE(gaps().empty());
  expect_sums();
}

TEST_F(ThinningTest, TakesSentRowsFirstAndWithoutAWord) {
  for (int n = 0; n < 10'000; ++n) ASSERT_TRUE(append(flagged(Flag::kOk)));
  for (int n = 0; n < 20; ++n) settle(hand_out());
  fill(Flag::kOk);
  keep_house();
  EXPECT_TRUE(store_->accepting());
  EXPECT_EQ(counter("thinned.ok"), 0);
  EXPECT_TRUE(gaps().empty());
  expect_sums();
}

TEST_F(ThinningTest, LeavesABatchThatIsUnderWayAlone) {
  fill(Flag::kOk);
  const auto under_way = hand_out(400);
  keep_house();
  ASSERT_GT(counter("thinned.ok"), 0);
  const auto rows = waiting();
  ASSERT_GT(rows.size(), under_way.size());
  for (std::size_t i = 0; i < under_way.size(); ++i) ASSERT_EQ(rows[i].id, under_way[i].id);
  const std::int64_t gone = counter("thinned.ok");
  expect_sums();
  settle(under_way);
  EXPECT_EQ(store_->totals().sent, static_cast<std::int64_t>(under_way.size()));
  EXPECT_EQ(counter("thinned.ok"), gone);
  expect_sums();
}

TEST_F(ThinningTest, DeliversTheRestOverTheHoles) {
  const std::int64_t count = fill(Flag::kOk);
  settle(hand_out(100));
  keep_house();
  const std::int64_t gone = counter("thinned.ok");
  std::int64_t gap_count = 0, readings = 100;
  for (auto batch = hand_out(); !batch.empty(); batch = hand_out()) {
    gap_count += counted(gaps_of(batch));
    for (const PendingRow& row : batch) readings += row.document.empty();
    settle(batch);
    expect_sums();
  }
  EXPECT_EQ(gap_count, gone);
  EXPECT_EQ(readings, count - gone);
  EXPECT_EQ(store_->totals().pending, 0);
}

TEST_F(ThinningTest, TakesRowsTheServerHasPutOff) {
  fill(Flag::kOk);
  Outcome later;
  later.kind = Outcome::Kind::kLater;
  later.not_before = clock_.utc_ms() + 300'000;
  const std::int64_t pending = store_->totals().pending;
  for (std::int64_t done = 0; done < pending;) {
    const auto batch = hand_out();
    if (batch.empty()) break;
    settle(batch, later);
    done += static_cast<std::int64_t>(batch.size());
  }
  keep_house();
  EXPECT_TRUE(store_->accepting());
  EXPECT_GT(counter("thinned.ok"), 0);
  EXPECT_EQ(counted(gaps()), counter("thinned.ok"));
  expect_sums();
  open();
  expect_sums();
}

TEST_F(ThinningTest, ARowThatWentWhileItWasProbedIsNotSentAsWell) {
  fill(Flag::kOk);
  Outcome later;
  later.kind = Outcome::Kind::kLater;
  later.not_before = clock_.utc_ms() + 300'000;
  settle(hand_out(), later);
  // The probe of a stop takes rows whose time has not come.
  const auto probed = store_->pending(500, clock_.utc_ms(), true).value();
  keep_house();
  const std::int64_t gone = counter("thinned.ok");
  settle(probed);
  EXPECT_EQ(counter("thinned.ok"), gone);
  expect_sums();
  open();
  expect_sums();
}

TEST_F(ThinningTest, AGapThatWasHandedOutIsNotMadeWider) {
  fill(Flag::kOk, std::chrono::milliseconds(10));
  keep_house();
  const auto before = gaps();
  ASSERT_EQ(before.size(), 1U);
  hand_out(100'000);  // offline: handed out, never answered
  for (int n = 0; n < 3; ++n) {
    fill(Flag::kOk, std::chrono::milliseconds(1));
    keep_house();
  }
  const auto after = gaps();
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].count, before[0].count);
  EXPECT_EQ(counted(after), counter("thinned.ok"));
  expect_sums();
}

TEST_F(ThinningTest, AGapSpeaksOfOneEpochInItsOwnNumbers) {
  for (int n = 0; n < 3'000; ++n) ASSERT_TRUE(append(flagged(Flag::kOk)));
  ASSERT_TRUE(store_->grant_epoch("4"));
  fill(Flag::kOk);
  for (int n = 0; n < 5; ++n) {
    keep_house();
    fill(Flag::kOk);
  }
  keep_house();
  std::map<std::string, std::int64_t> counts;
  std::set<std::string> uids;
  for (const wire::Gap& gap : gaps()) {
    counts[gap.stamp.epoch] += gap.count;
    EXPECT_TRUE(uids.insert(gap.stamp.uid).second);
    EXPECT_GT(gap.stamp.seq, gap.to_seq);
    if (gap.stamp.epoch == "3") {
      EXPECT_LE(gap.to_seq, 3'000);
    }
  }
  EXPECT_EQ(counts["3"], 3'000);
  EXPECT_EQ(counts["3"] + counts["4"], counter("thinned.ok"));
}

TEST_F(ThinningTest, GivesNoNumberTwiceAfterARestart) {
  fill(Flag::kOk);
  keep_house();
  const std::int64_t last = store_->totals().last_seq;
  open();
  EXPECT_EQ(store_->totals().last_seq, last);
}

}  // namespace
}  // namespace edge
