#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "protocols/record/chain.h"
#include "protocols/wire/weighing_link.h"
#include "tests/support/fake_clock.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"
#include "tests/support/weighings.h"

namespace edge::test {

/// A store with epoch 3 for tests of weighings and tickets.
class DocumentRig : public testing::Test {
 protected:
  static constexpr const char* kGateway = "gw-silo-a";

  void SetUp() override {
    open();
    ASSERT_TRUE(store_->grant_epoch("3"));
  }
  StoreOptions options() const {
    StoreOptions options;
    options.dir = dir_.path();
    options.gateway = kGateway;
    options.min_free = 0;
    options.ballast_bytes = 1 << 16;
    return options;
  }
  void open(SyncLevel level = SyncLevel::kTimed) {
    store_.reset();
    StoreOptions with = options();
    with.level = level;
    auto opened = SqliteStore::open(with, clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(*opened);
  }
  wire::Weighing record(const std::string& gross = "38440", std::optional<std::int64_t> ticket = {},
                        const std::string& scale = "ws1") {
    auto made = store_->record(weighing(clock_.utc_ms(), gross, scale), ticket);
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(wire::Weighing{});
  }
  wire::ScaleTicket finish(std::int64_t id, const wire::ScaleTicket& ticket, const std::string& code = "S1") {
    auto made = store_->finish(id, ticket, code);
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(wire::ScaleTicket{});
  }
  std::vector<wire::Weighing> chain(const std::string& scale = "ws1") {
    std::vector<wire::Weighing> all;
    const auto stored = store_->weighings(scale, 0, 1'000'000);
    EXPECT_TRUE(stored) << stored.error().detail;
    if (!stored) return all;
    for (const auto& [id, one] : *stored) all.push_back(one);
    return all;
  }
  /// Every link of every epoch of the scale holds.
  void expect_chain(const std::string& scale = "ws1") {
    std::map<std::string, ChainWalk> walks;
    for (const wire::Weighing& one : chain(scale)) {
      const auto fault = walks[one.stamp.epoch].step(wire::link_of(one, kGateway), one.hash);
      ASSERT_EQ(to_text(fault), "") << one.stamp.epoch << "/" << one.alibi_seq;
    }
  }
  void append(int count) {
    auto added = rows(count, clock_.utc_ms());
    ASSERT_TRUE(store_->append(added, {{"readings", count}}));
  }
  /// What waits counts as sent.
  void settle_all() {
    std::vector<Outcome> outcomes;
    for (const PendingRow& row : pending()) {
      outcomes.emplace_back();
      outcomes.back().id = row.id;
    }
    ASSERT_TRUE(store_->settle(outcomes, clock_.utc_ms()));
  }
  std::vector<PendingRow> pending() { return store_->pending(500, clock_.utc_ms(), false).value(); }
  std::int64_t documents() const {
    const Counters counters = store_->counters();
    const auto found = counters.find("documents");
    return found == counters.end() ? 0 : found->second;
  }

  TempDir dir_;
  FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
};

}  // namespace edge::test
