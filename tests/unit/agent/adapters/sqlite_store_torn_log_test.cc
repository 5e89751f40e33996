#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/unit/agent/adapters/salvage_rig.h"

namespace edge {
namespace {

namespace fs = std::filesystem;

/// What a kill or a power cut leaves of the newest commits.
class TornLogTest : public test::SalvageRig {
 protected:
  void append_seven() {
    append(50);
    ASSERT_TRUE(store_->flush());
    for (int n = 0; n < 7; ++n) append(1);
  }
  /// One of the first frames is not on the disk.
  void break_a_frame() {
    kill();
    constexpr std::uintmax_t kHead = 32, kFrame = 24 + 1024;
    ASSERT_GE(fs::file_size(file("-wal")), kHead + 7 * kFrame);
    overwrite(kHead + 2 * kFrame, std::string(512, '\0'), "-wal");
    open();
  }
};

/// A row stands for its message in the sums until they are written: it must not go before.
TEST_F(TornLogTest, CountsAMessageWhoseRowWasPutOffSentAndPurged) {
  auto rows = test::rows(1, clock_.utc_ms(), 1);
  ASSERT_TRUE(store_->append(rows, {{"messages", 1}, {"decoded", 1}, {"readings", 1}}));
  for (const auto kind : {Outcome::Kind::kLater, Outcome::Kind::kSent}) {
    const auto waiting = store_->pending(1, clock_.utc_ms(), false);
    ASSERT_EQ(waiting->size(), 1U);
    Outcome outcome;
    outcome.id = waiting->front().id;
    outcome.kind = kind;
    ASSERT_TRUE(store_->settle({&outcome, 1}, clock_.utc_ms()));
    clock_.advance(std::chrono::seconds(1));
  }
  clock_.advance(std::chrono::hours(24 * 8));
  ASSERT_TRUE(store_->pending(1, clock_.utc_ms(), false));
  EXPECT_TRUE(store_->sent_rows(0, 10)->empty()) << "purged";
  kill();
  open();
  EXPECT_EQ(store_->counters()["readings"], 1);
}

/// What was not synced a disk writes in any order: a commit stands behind one that is missing.
TEST_F(TornLogTest, TakesWhatAPowerCutLeavesOfTheLogForNoDamage) {
  append_seven();
  break_a_frame();
  EXPECT_EQ(store_->identity().reason, "");
  EXPECT_GE(store_->totals().last_seq, 50);
  EXPECT_LT(store_->totals().last_seq, 57);
}

TEST_F(TornLogTest, TakesWhatIsMissingOfTheSyncedLogForDamage) {
  append_seven();
  clock_.advance(std::chrono::seconds{2});
  (void)pending();  // handed out: on the disk
  break_a_frame();
  EXPECT_EQ(store_->identity().reason, "corrupt");
}

TEST_F(TornLogTest, AtPowerCutLevelEachCommitWasOnTheDisk) {
  open(SyncLevel::kEachCommit);
  append_seven();
  clock_.advance(std::chrono::seconds{2});
  append(1);
  break_a_frame();
  EXPECT_EQ(store_->identity().reason, "corrupt");
}

}  // namespace
}  // namespace edge
