#include "agent/core/reconcile.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "tests/support/sync_rig.h"

namespace edge {
namespace {

using Json = nlohmann::json;
using std::chrono::hours;
using std::chrono::milliseconds;

/// A server that knows (epoch, seq) → uid, and forgets.
class ReconcileTest : public test::SyncRig {
 protected:
  void SetUp() override {
    test::SyncRig::SetUp();
    sink_.reconciler = [this](std::string_view body) { return answer(Json::parse(body)); };
  }
  /// Sent, and on the server.
  void deliver(int count) {
    for (int left = count; left > 0; left -= 500) append(std::min(left, 500));
    run(2'000);
    for (const SentRow& row : kept()) server_[row.epoch][row.seq] = row.uid;
  }
  std::vector<SentRow> kept() { return store_->sent_rows(0, 1'000'000).value(); }
  /// The server is set back: rows from `seq` on are lost.
  void lose_from(std::int64_t seq) {
    for (auto& [epoch, rows] : server_) rows.erase(rows.lower_bound(seq), rows.end());
  }
  Reply answer(const Json& asked) {
    if (failures_ > 0) {
      --failures_;
      return test::no_answer();
    }
    Json out = Json::array();
    if (asked.contains("uids")) {
      std::set<std::string> known;
      for (const auto& [epoch, rows] : server_)
        for (const auto& [seq, uid] : rows) known.insert(uid);
      for (const auto& uid : asked["uids"])
        if (!known.contains(uid.get<std::string>())) out.push_back(uid);
      uids_asked_ += asked["uids"].size();
      return {200, Json{{"message", {{"missing", out}}}}.dump(), {}, {}};
    }
    for (const auto& block : asked["blocks"]) {
      const auto from = block["from"].get<std::int64_t>();
      const auto& rows = server_[asked["epoch"].get<std::string>()];
      std::vector<std::string> uids;
      for (auto at = rows.lower_bound(from); at != rows.lower_bound(from + 4'096); ++at) uids.push_back(at->second);
      const auto sum = wire::sum_of_block(from, uids);
      const auto mine = Json::parse(wire::encode_reconcile_blocks({}, {&sum, 1}))["blocks"][0];
      if (mine != block) out.push_back(from);
    }
    return {200, Json{{"message", {{"differ", out}}}}.dump(), {}, {}};
  }
  ReconcileStatus reconcile(ReconcileRequest request = {}) {
    EXPECT_TRUE(reconciler_->start(request));
    for (int n = 0; n < 10'000 && reconciler_->status().state == "running"; ++n) clock_.advance(reconciler_->step());
    return reconciler_->status();
  }
  void watch() {
    clock_.advance(hours(1));
    for (int n = 0; n < 10; ++n) reconciler_->step();
  }
  void make() {
    reconciler_ = std::make_unique<Reconciler>(*store_, sink_, *store_, clock_, "gw-silo-a", 1);
  }

  std::map<std::string, std::map<std::int64_t, std::string>> server_;
  std::size_t uids_asked_ = 0;
  int failures_ = 0;
  std::unique_ptr<Reconciler> reconciler_;
};

TEST_F(ReconcileTest, AServerThatHasAllIsAskedForBlocksAlone) {
  deliver(9'000);
  make();
  const auto done = reconcile();
  EXPECT_EQ(done.state, "done");
  EXPECT_EQ(done.rows, 9'000);
  EXPECT_EQ(done.blocks, 3);
  EXPECT_EQ(done.differ, 0);
  EXPECT_EQ(uids_asked_, 0U);
  EXPECT_EQ(totals().pending, 0);
}

TEST_F(ReconcileTest, ExactlyTheMissingGoAgain) {
  deliver(9'000);
  server_["3"].erase(17);
  lose_from(8'100);
  make();
  const auto done = reconcile();
  EXPECT_EQ(done.state, "done");
  EXPECT_EQ(done.differ, 3) << "rows are lost of the first, the second and the third block";
  EXPECT_EQ(done.missing, 902);
  EXPECT_EQ(done.resent, 902);
  EXPECT_EQ(totals().pending, 902);
  sink_.submitted.clear();
  run();
  std::set<std::string> sent;
  for (const auto& uids : sink_.submitted) sent.insert(uids.begin(), uids.end());
  std::set<std::string> lost;
  for (const SentRow& row : kept())
    if (!server_["3"].contains(row.seq)) lost.insert(row.uid);
  EXPECT_EQ(sent, lost);
}

/// So does a gap record about rows of an earlier epoch: its numbers are that epoch's, beyond its end.
TEST_F(ReconcileTest, WhatTheServerHasUnderAnotherEpochIsNotSentAgain) {
  deliver(600);
  server_["2"][1'500] = std::exchange(server_["3"][400], "");
  server_["3"].erase(400);
  make();
  for (int run = 0; run < 2; ++run) {
    const auto done = reconcile();
    EXPECT_EQ(done.differ, 1);
    EXPECT_EQ(done.missing, 0);
    EXPECT_EQ(done.resent, 0);
    EXPECT_EQ(totals().pending, 0);
  }
  server_["2"].clear();
  EXPECT_EQ(reconcile().resent, 1) << "and is found where it is lost";
}

TEST_F(ReconcileTest, ADryRunChangesNothing) {
  deliver(600);
  lose_from(500);
  make();
  ReconcileRequest request;
  request.dry_run = true;
  const auto done = reconcile(request);
  EXPECT_EQ(done.missing, 101);
  EXPECT_EQ(done.resent, 0);
  EXPECT_EQ(totals().pending, 0);
  EXPECT_EQ(reconciler_->missing_seen(), 101);
  reconcile();
  EXPECT_EQ(reconciler_->missing_seen(), 0) << "they are pending now";
}

TEST_F(ReconcileTest, OnlyARangeOfTime) {
  deliver(500);
  const auto since = clock_.utc_ms() + 1;
  clock_.advance(hours(1));
  deliver(100);
  const auto until = clock_.utc_ms();
  clock_.advance(hours(1));
  deliver(100);
  server_.clear();
  make();
  ReconcileRequest request;
  request.since = since;
  request.until = until;
  EXPECT_EQ(reconcile(request).resent, 100);
}

TEST_F(ReconcileTest, AllAsksNothing) {
  deliver(1'234);
  make();
  ReconcileRequest request;
  request.all = true;
  const auto done = reconcile(request);
  EXPECT_EQ(done.resent, 1'234);
  EXPECT_TRUE(sink_.reconciles.empty());
}

TEST_F(ReconcileTest, EachEpochByItself) {
  deliver(700);
  ASSERT_TRUE(store_->grant_epoch("4"));
  deliver(300);
  server_["4"].clear();
  make();
  const auto done = reconcile();
  EXPECT_EQ(done.blocks, 2);
  EXPECT_EQ(done.resent, 300);
}

TEST_F(ReconcileTest, GoesOnAfterAnOutage) {
  deliver(600);
  lose_from(301);
  make();
  failures_ = 3;
  EXPECT_EQ(reconcile().resent, 300);
}

TEST_F(ReconcileTest, GivesUpWithTheReasonAndCanBeStartedAgain) {
  deliver(600);
  lose_from(301);
  make();
  failures_ = 1'000;
  auto done = reconcile();
  EXPECT_EQ(done.state, "failed");
  EXPECT_EQ(done.trouble, "connection refused");
  failures_ = 0;
  EXPECT_EQ(reconcile().resent, 300);
}

TEST_F(ReconcileTest, ARefusalEndsItAtOnce) {
  deliver(10);
  make();
  sink_.reconciler = [](std::string_view) { return test::refusal(403, "revoked"); };
  EXPECT_EQ(reconcile().state, "failed");
  EXPECT_EQ(sink_.reconciles.size(), 1U);
  sink_.reconciler = [](std::string_view) { return test::html(404); };
  EXPECT_NE(reconcile().trouble.find("update the app"), std::string::npos);
}

TEST_F(ReconcileTest, OneAtATimeAndItCanBeCancelled) {
  deliver(600);
  make();
  ASSERT_TRUE(reconciler_->start({}));
  EXPECT_FALSE(reconciler_->start({}));
  reconciler_->cancel();
  reconciler_->step();
  EXPECT_EQ(reconciler_->status().state, "cancelled");
  EXPECT_TRUE(reconciler_->start({}));
}

TEST_F(ReconcileTest, KilledHalfWayTheRestIsFoundLater) {
  deliver(9'000);
  server_.clear();
  make();
  ASSERT_TRUE(reconciler_->start({}));
  for (int n = 0; n < 2; ++n) reconciler_->step();  // the blocks, and the first that differs
  EXPECT_EQ(totals().pending, 4'096);
  reconciler_.reset();
  open();
  start();
  make();
  EXPECT_EQ(reconcile().resent, 9'000 - 4'096);
  EXPECT_EQ(totals().pending, 9'000);
  run(2'000);
  EXPECT_EQ(totals().sent, 9'000);
}

TEST_F(ReconcileTest, LooksByItselfAndTells) {
  deliver(9'000);
  make();
  watch();
  EXPECT_EQ(sink_.reconciles.size(), 1U) << "one small question an hour";
  EXPECT_EQ(reconciler_->missing_seen(), 0);
  lose_from(8'000);
  watch();
  EXPECT_EQ(reconciler_->missing_seen(), 1'001);
  EXPECT_EQ(totals().pending, 0) << "it only tells";
  EXPECT_EQ(reconcile().resent, 1'001);
  EXPECT_EQ(reconciler_->missing_seen(), 0);
}

TEST_F(ReconcileTest, ATwinUnderTwoSeqIsAskedForOnceADay) {
  deliver(100);
  server_["3"].erase(7);
  server_["3"][5'000] = store_->sent_rows(6, 1).value()[0].uid;
  make();
  for (int n = 0; n < 5; ++n) watch();
  EXPECT_EQ(uids_asked_, 100U);
  EXPECT_EQ(reconciler_->missing_seen(), 0);
}

TEST_F(ReconcileTest, LooksSoonAfterAnOutage) {
  deliver(100);
  make();
  server_.clear();
  reconciler_->watch_soon();
  for (int n = 0; n < 3; ++n) reconciler_->step();
  EXPECT_TRUE(sink_.reconciles.empty());
  clock_.advance(Reconciler::kWatchSoon);
  for (int n = 0; n < 5; ++n) reconciler_->step();
  EXPECT_EQ(reconciler_->missing_seen(), 100);
}

}  // namespace
}  // namespace edge
