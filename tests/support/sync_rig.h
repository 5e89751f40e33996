#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/core/sync.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_sink.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"

namespace edge::test {

/// Delivery over a real store, a fake clock and a scripted server.
class SyncRig : public testing::Test {
 protected:
  void SetUp() override {
    open();
    ASSERT_TRUE(store_->grant_epoch("3"));
    start();
  }
  void open() {
    store_.reset();
    StoreOptions options;
    options.dir = dir_.path();
    options.gateway = "gw-silo-a";
    options.min_free = 0;
    options.ballast_bytes = 1 << 16;
    auto opened = SqliteStore::open(options, clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(*opened);
  }
  void start() {
    SyncSettings settings;
    settings.gateway = "gw-silo-a";
    sync_ = std::make_unique<Sync>(*store_, *store_, sink_, clock_, settings, 42);
  }
  /// The uids given, oldest first.
  std::vector<std::string> append(int count, int devices = 1) {
    auto all = rows(count, clock_.utc_ms(), devices);
    EXPECT_TRUE(store_->append(all, {{"readings", count}}));
    std::vector<std::string> uids;
    for (const NewObservation& row : all) uids.push_back(row.observation.uid);
    return uids;
  }
  /// One step; the time it asks to wait passes, and ten seconds more while there is nothing to send.
  std::chrono::milliseconds step() {
    const auto wait = sync_->step();
    clock_.advance(state() == "idle" ? std::chrono::seconds{10} : wait);
    return wait;
  }
  /// Steps until nothing is pending (or `most`).
  int run(int most = 200) {
    int steps = 0;
    for (; steps < most && store_->totals().pending > 0; ++steps) step();
    return steps;
  }
  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> all;
    for (const auto& uids : sink_.submitted) all.push_back(uids.size());
    return all;
  }
  std::string state() const { return sync_->status().state; }
  std::string code() const { return sync_->status().code; }
  DeliveryTotals totals() const { return store_->totals(); }

  TempDir dir_;
  FakeClock clock_;
  FakeSink sink_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<Sync> sync_;
};

}  // namespace edge::test
