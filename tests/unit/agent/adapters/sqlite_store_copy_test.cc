#include "agent/adapters/sqlite_store/store_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "tests/support/document_rig.h"

namespace edge {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class CopyTest : public test::DocumentRig {
 protected:
  fs::path backup() {
    const fs::path file = dir_.path() / "backup.sqlite";
    const auto made = store_->backup(file);
    EXPECT_TRUE(made) << made.error().detail;
    return file;
  }
  fs::path restore(const fs::path& file) {
    store_.reset();
    const auto kept = restore_backup(options(), file, clock_);
    EXPECT_TRUE(kept) << kept.error().detail;
    return kept.value_or(fs::path());
  }
  void wait_salvaged() {
    for (int n = 0; n < 2'000 && !kept_to_look_at().empty(); ++n) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_EQ(kept_to_look_at(), "");
  }
  std::string kept_to_look_at() {
    for (const auto& entry : fs::directory_iterator(dir_.path())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("replaced-") && !fs::exists(entry.path() / "salvaged.txt")) return name;
    }
    return {};
  }
};

TEST_F(CopyTest, TakesABackupWhileRowsComeIn) {
  append(50);
  std::atomic<bool> stop{false};
  std::thread appends([&] {
    while (!stop) {
      auto rows = test::rows(20, clock_.utc_ms());
      EXPECT_TRUE(store_->append(rows, {{"readings", 20}}));
    }
  });
  const fs::path file = backup();
  stop = true;
  appends.join();
  struct stat facts {};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  for (const char* suffix : {"-wal", "-shm", "-journal"}) EXPECT_FALSE(fs::exists(file.string() + suffix)) << suffix;
  const auto again = store_->backup(file);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kRefused) << "nothing is written over";
}

TEST_F(CopyTest, RestoresAndGoesOnInAnEpochOfItsOwn) {
  append(5);
  const fs::path file = backup();
  append(3);  // seq 6, 7, 8 of epoch 3: after the backup
  std::set<std::string> before;
  for (const PendingRow& row : pending()) before.insert(row.observation.uid);
  const fs::path kept = restore(file);
  EXPECT_TRUE(fs::exists(kept / "edge.sqlite"));
  open();
  const StoreIdentity identity = store_->identity();
  EXPECT_TRUE(identity.provisional);
  EXPECT_EQ(identity.reason, "restore");
  EXPECT_EQ(identity.last_epoch, "3");
  EXPECT_THAT(identity.recovery.notice, HasSubstr("backup"));
  wait_salvaged();
  append(1);
  std::set<std::string> after;
  std::string fresh;
  for (const PendingRow& row : pending()) {
    after.insert(row.observation.uid);
    if (row.epoch == identity.epoch) fresh = row.observation.uid;
  }
  for (const std::string& uid : before) EXPECT_TRUE(after.contains(uid)) << "what came after the backup is put back";
  EXPECT_FALSE(before.contains(fresh)) << "no uid comes twice";
  EXPECT_EQ(after.size(), 9U);
  store_.reset();
  open();
  EXPECT_EQ(store_->identity().epoch, identity.epoch) << "once, not at every start";
}

TEST_F(CopyTest, RefusesWhatIsNoBackup) {
  append(5);
  const fs::path file = backup();
  EXPECT_EQ(restore_backup(options(), file, clock_).error().code, Errc::kRefused) << "the store is open";
  store_.reset();
  EXPECT_EQ(restore_backup(options(), dir_.path() / "none", clock_).error().code, Errc::kNotFound);
  const fs::path junk = dir_.path() / "junk";
  std::ofstream(junk) << std::string(4096, 'x');
  EXPECT_EQ(restore_backup(options(), junk, clock_).error().code, Errc::kCorrupt);
  std::ofstream(file.string() + "-wal") << "x";
  EXPECT_EQ(restore_backup(options(), file, clock_).error().code, Errc::kRefused);
  open();
  EXPECT_EQ(pending().size(), 5U) << "the store is as before";
  EXPECT_FALSE(store_->identity().provisional);
}

TEST_F(CopyTest, CompactsWhatIsPurged) {
  append(500);
  settle_all();
  append(5);
  clock_.advance(std::chrono::hours(24 * 8));
  (void)pending();
  ASSERT_TRUE(store_->flush());
  EXPECT_EQ(compact_store(options()).error().code, Errc::kRefused) << "the store is open";
  store_.reset();
  const auto sizes = compact_store(options());
  ASSERT_TRUE(sizes) << sizes.error().detail;
  EXPECT_LT(sizes->after, sizes->before / 2);
  open();
  EXPECT_EQ(pending().size(), 5U);
  EXPECT_EQ(store_->identity().epoch, "3");
  EXPECT_EQ(store_->identity().corrupt_kept_in, "");
  append(1);
  EXPECT_EQ(pending().back().seq, 506);
}

TEST_F(CopyTest, NoticesThatItWokeUpElsewhere) {
  const auto open_at = [&](const std::string& home) {
    store_.reset();
    StoreOptions with = options();
    with.home = home;
    auto opened = SqliteStore::open(with, clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(*opened);
  };
  open_at("machine-a/17");
  append(2);
  EXPECT_EQ(store_->identity().epoch, "3");
  open_at("");
  EXPECT_EQ(store_->identity().epoch, "3") << "nothing known of the machine: no claim";
  open_at("machine-b/17");
  const std::string own = store_->identity().epoch;
  EXPECT_TRUE(store_->identity().provisional);
  EXPECT_EQ(store_->identity().reason, "restore");
  EXPECT_THAT(store_->identity().recovery.notice, HasSubstr("another"));
  append(1);
  EXPECT_EQ(pending().back().epoch, own);
  EXPECT_EQ(pending().back().seq, 1);
  EXPECT_EQ(pending().front().epoch, "3");
  open_at("machine-b/17");
  EXPECT_EQ(store_->identity().epoch, own);
}

}  // namespace
}  // namespace edge
