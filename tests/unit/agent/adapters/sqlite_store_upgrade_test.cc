#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "protocols/bytes.h"
#include "protocols/record/identity.h"
#include "tests/support/document_rig.h"
#include "tests/support/old_schemas.h"

namespace edge {
namespace {

namespace fs = std::filesystem;
constexpr int kRows = 300, kSent = 40;

/// A store as the agent of that schema left it: epoch 3 from row 11 on, kSent rows sent.
class UpgradeTest : public testing::TestWithParam<int> {
 protected:
  fs::path file() const { return dir_.path() / "edge.sqlite"; }
  void SetUp() override {
    SQLite::Database db(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("PRAGMA page_size = 1024");
    db.exec("PRAGMA journal_mode = wal");
    for (int step = 0; step < GetParam(); ++step) db.exec(test::kOldSchemas[static_cast<std::size_t>(step)]);
    db.exec("PRAGMA application_id = " + std::to_string(0x53454447));
    db.exec("PRAGMA user_version = " + std::to_string(GetParam()));
    db.exec("INSERT INTO epoch(epoch, first_id, provisional) VALUES('p5f0c9a1e', 1, 1), ('3', 11, 0)");
    db.exec("INSERT INTO meta VALUES('reason', ''), ('clean', '0')");
    db.exec("UPDATE counter SET value = " + std::to_string(kRows));
    db.exec("INSERT INTO counter VALUES('readings', " + std::to_string(kRows) + ")");
    db.exec("UPDATE delivery SET sent_upto = " + std::to_string(kSent) + ", sent = " + std::to_string(kSent));
    db.exec("BEGIN");
    for (int id = 1; id <= kRows; ++id) insert(db, id);
    db.exec("COMMIT");
  }
  static std::string uid(int id) {
    const bool granted = id > 10;
    return uid_of_sequence("gw-silo-a", granted ? "3" : "p5f0c9a1e", "observation", std::to_string(granted ? id - 10 : id));
  }
  static void insert(SQLite::Database& db, int id) {
    SQLite::Statement row(db,
                          "INSERT INTO outbox VALUES(?,?,'silo-a','bin3-t1','temperature',0,1771840801000,412,0,NULL,7,"
                          "?,'C',NULL,NULL,NULL,NULL,0,'{}',NULL,NULL,NULL,0)");
    const std::string bytes = *from_hex(uid(id));
    row.bind(1, id);
    row.bind(2, bytes.data(), static_cast<int>(bytes.size()));
    row.bind(3, std::to_string(id) + ".50");
    row.exec();
  }
  StoreOptions options() const {
    StoreOptions options;
    options.dir = dir_.path();
    options.gateway = "gw-silo-a";
    options.min_free = 0;
    options.ballast_bytes = 1 << 16;
    return options;
  }
  void expect_everything_goes_out() {
    auto opened = SqliteStore::open(options(), clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    SqliteStore& store = **opened;
    EXPECT_EQ(store.identity().epoch, "3");
    EXPECT_EQ(store.identity().corrupt_kept_in, "");
    const auto rows = store.pending(1'000, clock_.utc_ms(), false).value();
    ASSERT_EQ(rows.size(), static_cast<std::size_t>(kRows - kSent));
    for (std::size_t n = 0; n < rows.size(); ++n) {
      const int id = kSent + 1 + static_cast<int>(n);
      EXPECT_EQ(rows[n].observation.uid, uid(id));
      EXPECT_EQ(rows[n].epoch, "3");
      EXPECT_EQ(rows[n].seq, id - 10);
      EXPECT_EQ(rows[n].observation.value, std::to_string(id) + ".50");
      EXPECT_FALSE(rows[n].damaged);
    }
    EXPECT_EQ(store.totals().sent, kSent);
    auto more = test::rows(1, clock_.utc_ms());
    ASSERT_TRUE(store.append(more, {}));
    EXPECT_EQ(more[0].observation.uid, uid(kRows + 1));
  }

  test::TempDir dir_;
  test::FakeClock clock_;
};

TEST_P(UpgradeTest, LosesNothing) { expect_everything_goes_out(); }

TEST_P(UpgradeTest, GoesOnWhereAnUpgradeWasCutOff) {
  // Each step is one transaction: a kill leaves the schema of one of them, with whatever was not committed in the WAL.
  if (GetParam() < static_cast<int>(test::kOldSchemas.size())) {
    SQLite::Database db(file().string(), SQLite::OPEN_READWRITE);
    db.exec(test::kOldSchemas[static_cast<std::size_t>(GetParam())]);
    db.exec("PRAGMA user_version = " + std::to_string(GetParam() + 1));
    db.exec("BEGIN");
    db.exec("CREATE TABLE half(x)");  // gone with the connection
  }
  expect_everything_goes_out();
}

TEST_P(UpgradeTest, SealsTheRowsThatWait) {
  {
    auto opened = SqliteStore::open(options(), clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    for (int n = 0; n < 2'000 && (*opened)->identity().recovery.inspecting; ++n) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_FALSE((*opened)->identity().recovery.inspecting);
    EXPECT_EQ((*opened)->identity().recovery.damage, "");
  }
  SQLite::Database db(file().string());
  EXPECT_EQ(db.execAndGet("SELECT count(*) FROM outbox WHERE hash IS NULL AND id > " + std::to_string(kSent)).getInt(), 0);
}

INSTANTIATE_TEST_SUITE_P(EverySchema, UpgradeTest, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace edge
