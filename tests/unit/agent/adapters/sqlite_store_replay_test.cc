#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/document_rig.h"

namespace edge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class ReplayTest : public test::DocumentRig {
 protected:
  std::vector<SentRow> sent(RowId after = 0, std::size_t limit = 10'000) {
    auto rows = store_->sent_rows(after, limit);
    EXPECT_TRUE(rows) << rows.error().detail;
    return rows.value_or(std::vector<SentRow>{});
  }
  /// Sends all that is due; the uids.
  std::vector<std::string> send_all() {
    std::vector<std::string> uids;
    for (auto rows = pending(); !rows.empty(); rows = pending()) {
      std::vector<Outcome> outcomes;
      for (const PendingRow& row : rows) {
        uids.push_back(row.observation.uid);
        Outcome outcome;
        outcome.id = row.id;
        outcomes.push_back(outcome);
      }
      EXPECT_TRUE(store_->settle(outcomes, clock_.utc_ms()));
    }
    return uids;
  }
  std::vector<SentRow> shelf() {
    std::vector<SentRow> all;
    SentRows::Documents page;
    do {
      page = store_->sent_documents(page.next, 2).value();
      all.insert(all.end(), page.rows.begin(), page.rows.end());
    } while (page.more);
    return all;
  }
  void expect_sums() {
    const auto audit = store_->audit().value();
    EXPECT_EQ(audit.totals.sent + audit.totals.pending + audit.totals.dead,
              audit.counters.at("readings") + documents());
    EXPECT_EQ(audit.totals.sent, store_->totals().sent);
    EXPECT_EQ(audit.totals.pending, store_->totals().pending);
  }
  static std::vector<std::string> uids_of(const std::vector<SentRow>& rows) {
    std::vector<std::string> all;
    for (const SentRow& row : rows) all.push_back(row.uid);
    return all;
  }
};

TEST_F(ReplayTest, TellsWhatWasSentAndNothingElse) {
  append(3);
  EXPECT_TRUE(sent().empty());
  const auto rows = pending();
  ASSERT_EQ(rows.size(), 3U);
  std::vector<Outcome> outcomes(3);
  for (std::size_t i = 0; i < 3; ++i) outcomes[i].id = rows[i].id;
  outcomes[0].kind = Outcome::Kind::kDead;
  outcomes[1].kind = Outcome::Kind::kLater;
  outcomes[1].not_before = clock_.utc_ms() + 1'000;
  ASSERT_TRUE(store_->settle(outcomes, clock_.utc_ms()));
  append(1);
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(sent()[0].uid, rows[2].observation.uid);
  EXPECT_EQ(sent()[0].seq, rows[2].seq);
  EXPECT_EQ(sent()[0].epoch, "3");
  EXPECT_EQ(store_->newest_sent(), rows[2].id);
}

TEST_F(ReplayTest, SendsAgainTheSameRecordsAndTheSumsHold) {
  append(5);
  const auto before = pending();
  send_all();
  auto rows = sent();
  ASSERT_EQ(rows.size(), 5U);
  rows.erase(rows.begin());
  rows.pop_back();
  EXPECT_EQ(store_->resend(rows).value(), 3);
  EXPECT_EQ(store_->resend(rows).value(), 0) << "twice changes nothing";
  EXPECT_EQ(store_->totals().pending, 3);
  expect_sums();
  open();  // as after a kill: the marks are in the file
  EXPECT_EQ(store_->totals().pending, 3);
  expect_sums();
  const auto again = pending();
  ASSERT_EQ(again.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again[i].observation.uid, before[i + 1].observation.uid);
    EXPECT_EQ(again[i].seq, before[i + 1].seq);
    EXPECT_EQ(again[i].epoch, before[i + 1].epoch);
    EXPECT_EQ(again[i].observation.observed_at, before[i + 1].observation.observed_at);
    EXPECT_EQ(again[i].observation.backfilled, before[i + 1].observation.backfilled);
  }
  EXPECT_EQ(send_all().size(), 3U);
  EXPECT_EQ(store_->totals().sent, 5);
  EXPECT_EQ(sent().size(), 5U) << "sent late is sent: it may go a third time";
  EXPECT_EQ(store_->resend(sent()).value(), 5);
  EXPECT_EQ(send_all().size(), 5U);
  expect_sums();
}

TEST_F(ReplayTest, WhatWentOutLateStaysBackfilled) {
  append(1);
  send_all();  // notes the cursor
  append(1);
  clock_.advance(minutes(20));
  append(1);
  send_all();  // the second is twenty minutes old, the third is not; the cursor is noted again
  clock_.advance(minutes(20));
  append(1);
  clock_.advance(hours(5));
  ASSERT_EQ(store_->resend(sent()).value(), 3);
  const auto rows = pending();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_FALSE(rows[0].observation.backfilled);
  EXPECT_FALSE(rows[2].observation.backfilled);
  EXPECT_TRUE(rows[3].observation.backfilled) << "never tried until now";
}

TEST_F(ReplayTest, RowsNobodySentAndRowsThatAreGoneStayAsTheyAre) {
  append(2);
  SentRow row;
  for (const RowId id : {0, -1, 1, 2, 99}) {
    row.id = id;
    EXPECT_EQ(store_->resend({&row, 1}).value(), 0) << id;
  }
  send_all();
  clock_.advance(hours(24 * 8));
  EXPECT_TRUE(pending().empty());  // purges
  row.id = 1;
  row.uid = std::string(32, 'a');
  EXPECT_EQ(store_->resend({&row, 1}).value(), 0) << "the row is purged and no document";
  EXPECT_EQ(store_->totals().pending, 0);
}

TEST_F(ReplayTest, APurgedWeighingComesBackFromTheAlibiMemory) {
  const auto first = record("38440");
  append(2);
  const auto second = record("14580");
  const auto before = pending();
  ASSERT_EQ(before.size(), 5U);  // the genesis record too
  send_all();
  EXPECT_TRUE(shelf().empty()) << "their rows are still there";
  append(1);
  send_all();
  clock_.advance(hours(24 * 8));
  append(1);
  send_all();
  EXPECT_TRUE(pending().empty());
  const auto kept = shelf();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[1].uid, first.stamp.uid);
  EXPECT_EQ(kept[2].uid, second.stamp.uid);
  EXPECT_EQ(kept[2].seq, second.stamp.seq);
  EXPECT_EQ(store_->resend(kept).value(), 3);
  EXPECT_EQ(store_->resend(kept).value(), 0);
  expect_sums();
  EXPECT_TRUE(shelf().empty());
  open();
  expect_sums();
  const auto rows = pending();
  ASSERT_EQ(rows.size(), 3U);
  for (const PendingRow& row : rows) {
    const auto was = std::ranges::find(before, row.id, &PendingRow::id);
    ASSERT_NE(was, before.end());
    EXPECT_EQ(row.document, was->document) << "to the last byte";
    EXPECT_EQ(row.seq, was->seq);
  }
  send_all();
  clock_.advance(hours(24 * 8));
  store_->keep_house(std::chrono::seconds{2});
  EXPECT_EQ(shelf().size(), 3U) << "purged again";
  expect_sums();
  expect_chain();
}

}  // namespace
}  // namespace edge
