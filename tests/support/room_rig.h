#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/core/health.h"
#include "tests/support/fake_clock.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"
#include "tests/support/weighings.h"

namespace edge::test {

/// A store of 4 MiB that fills in no time.
class RoomRig : public testing::Test {
 protected:
  void SetUp() override {
    open();
    ASSERT_TRUE(store_->grant_epoch("3"));
  }
  virtual StoreOptions options() const {
    StoreOptions options;
    options.dir = dir_.path();
    options.gateway = "gw";
    options.max_bytes = 4 << 20;
    options.min_free = 0;
    options.ballast_bytes = 256 << 10;
    return options;
  }
  void open() {
    store_.reset();
    auto opened = SqliteStore::open(options(), clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = std::move(*opened);
  }
  NewObservation flagged(Flag flag, int device = 3, std::string reason = "") {
    NewObservation made = row(++made_, clock_.utc_ms(), device);
    made.observation.flag = flag;
    if (!reason.empty()) made.observation.reasons = {std::move(reason)};
    return made;
  }
  Result<void> append(NewObservation made) {
    return store_->append({&made, 1}, {{"messages", 1}, {"decoded", 1}, {"readings", 1}});
  }
  /// One reading a second, or as `step` says, until room has to be made; how many.
  int fill(Flag flag, std::chrono::milliseconds step = std::chrono::seconds(1), int devices = 1,
           const std::string& reason = "") {
    int count = 0;
    while (store_->accepting()) {
      if (!append(flagged(flag, count % devices, reason))) break;
      clock_.advance(step);
      ++count;
    }
    return count;
  }
  void keep_house() { store_->keep_house(std::chrono::seconds(60)); }
  std::int64_t counter(const std::string& name) const {
    const Counters counters = store_->counters();
    const auto found = counters.find(name);
    return found == counters.end() ? 0 : found->second;
  }
  std::vector<PendingRow> waiting() {
    auto rows = store_->list_pending(1'000'000, 0);
    EXPECT_TRUE(rows) << rows.error().detail;
    return rows.value_or(std::vector<PendingRow>{});
  }
  static std::vector<wire::Gap> gaps_of(const std::vector<PendingRow>& rows) {
    std::vector<wire::Gap> gaps;
    for (const PendingRow& row : rows) {
      if (row.document.empty()) continue;
      const auto record = wire::decode(row.document);
      EXPECT_TRUE(record) << record.error().detail << row.document;
      if (const auto* const gap = record ? std::get_if<wire::Gap>(&*record) : nullptr) gaps.push_back(*gap);
    }
    return gaps;
  }
  std::vector<wire::Gap> gaps() { return gaps_of(waiting()); }
  static std::int64_t counted(const std::vector<wire::Gap>& gaps, const std::string& reason = "") {
    std::int64_t sum = 0;
    for (const wire::Gap& gap : gaps) sum += reason.empty() || gap.reason == reason ? gap.count : 0;
    return sum;
  }
  std::vector<PendingRow> hand_out(std::size_t limit = 500) {
    auto rows = store_->pending(limit, clock_.utc_ms(), false);
    EXPECT_TRUE(rows) << rows.error().detail;
    return rows.value_or(std::vector<PendingRow>{});
  }
  void settle(const std::vector<PendingRow>& rows, Outcome outcome = {}) {
    std::vector<Outcome> outcomes;
    for (const PendingRow& row : rows) {
      outcome.id = row.id;
      outcomes.push_back(outcome);
    }
    const auto settled = store_->settle(outcomes, clock_.utc_ms());
    ASSERT_TRUE(settled) << settled.error().detail;
  }
  void expect_sums() {
    const auto audit = store_->audit();
    ASSERT_TRUE(audit);
    const Conservation sums = conservation_of(*audit);
    EXPECT_EQ(sums.readings, sums.readings_accounted);
    EXPECT_EQ(sums.messages, sums.messages_accounted);
    EXPECT_EQ(audit->totals.pending, store_->totals().pending);
    EXPECT_EQ(audit->totals.dead, store_->totals().dead);
  }

  TempDir dir_;
  FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
  int made_ = 0;
};

}  // namespace edge::test
