#include "agent/uplink.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/adapters/system_clock/system_clock.h"
#include "tests/support/fake_sink.h"
#include "tests/support/temp_dir.h"

namespace edge {
namespace {

using std::chrono::milliseconds;

class UplinkThread : public testing::Test {
 protected:
  std::unique_ptr<SqliteStore> open() const {
    StoreOptions options;
    options.dir = dir_.path() / "state";
    options.gateway = "gw1";
    options.max_bytes = 256 << 20;
    options.min_free = 0;
    auto store = SqliteStore::open(options, clock_);
    return store ? *std::move(store) : nullptr;
  }
  void add_row() {
    NewObservation row;
    row.observation.site = "s1";
    row.observation.device = "d1";
    row.observation.type = "temperature";
    row.observation.value = "1";
    row.observation.received_at = row.observation.observed_at = clock_.utc_ms();
    row.observation.raw_sha256 = std::string(64, 'a');
    ASSERT_TRUE(store_->append({&row, 1}, {}));
  }
  bool becomes_sent(std::int64_t count) {
    for (int n = 0; n < 1'000; ++n) {
      if (store_->totals().sent == count) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }
  test::TempDir dir_;
  SystemClock clock_;
  test::FakeSink sink_;
  std::unique_ptr<SqliteStore> store_ = open();
  PolicyCache policies_{*store_, sink_, clock_, [](auto) {}};
  Sync sync_{*store_, *store_, sink_, clock_, {"gw1", 500, 70, milliseconds(1), milliseconds(10), milliseconds(10)}, 1};
  EpochKeeper epoch_{*store_, sink_, clock_, "gw1", 1};
  HeartbeatSender heartbeat_{sink_, clock_, [] { return HeartbeatFacts{}; }};
  std::mutex mutex_;
  std::vector<std::string> troubles_;
  Uplink uplink_{{sync_, policies_, epoch_, heartbeat_, *store_, clock_}, [this](auto kind, auto text) {
                   const std::lock_guard lock(mutex_);
                   if (!text.empty()) troubles_.push_back(std::string(kind) + ": " + std::string(text));
                 }};
};

TEST_F(UplinkThread, GetsAnEpochSendsAndEndsWhenTold) {
  add_row();
  std::thread thread([this] { uplink_.run(); });
  EXPECT_TRUE(becomes_sent(1));
  EXPECT_EQ(store_->identity().epoch, "1");
  uplink_.stop();
  EXPECT_TRUE(uplink_.wait_done(std::chrono::seconds(5)));
  thread.join();
  EXPECT_EQ(sink_.heartbeats.size(), 1U);
  EXPECT_EQ(sink_.config_asked.size(), 1U);
  EXPECT_GT(uplink_.alive_at(), 0);
}

TEST_F(UplinkThread, MakesOneLastTryWhereTheServerAnswers) {
  uplink_.stop();
  add_row();
  uplink_.run();
  EXPECT_EQ(store_->totals().sent, 1);
}

TEST_F(UplinkThread, WhatIsLargeWaitsForTheRateAndTheRestDoesNot) {
  std::atomic<bool> used_up{true};
  Uplink uplink({sync_, policies_, epoch_, heartbeat_, *store_, clock_, nullptr,
                 [&used_up] { return milliseconds(used_up ? 5 : 0); }},
                [](auto, auto) {});
  add_row();
  std::thread thread([&uplink] { uplink.run(); });
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(store_->totals().sent, 0);
  EXPECT_EQ(store_->identity().epoch, "1") << "an epoch is asked for all the same";
  used_up = false;
  EXPECT_TRUE(becomes_sent(1));
  uplink.stop();
  thread.join();
  EXPECT_EQ(sink_.heartbeats.size(), 1U);
  EXPECT_EQ(sink_.config_asked.size(), 1U);
}

TEST_F(UplinkThread, TellsOfTroubleInWords) {
  sink_.epoch_reply = test::no_answer();
  sink_.config_reply = test::html(502);
  std::thread thread([this] { uplink_.run(); });
  for (int n = 0; n < 1'000 && uplink_.epoch_error().empty(); ++n) std::this_thread::sleep_for(milliseconds(10));
  uplink_.stop();
  thread.join();
  EXPECT_NE(uplink_.epoch_error(), "");
  const std::lock_guard lock(mutex_);
  EXPECT_GE(troubles_.size(), 2U);
}

}  // namespace
}  // namespace edge
