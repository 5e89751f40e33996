#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include "tests/faults/disk.h"
#include "tests/faults/faulty_vfs.h"
#include "tests/faults/memory_dir.h"
#include "tests/faults/power_cut_run.h"
#include "tests/support/fake_clock.h"

namespace edge {
namespace {

std::int64_t number_from(const char* name, std::int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

struct Sums {
  std::int64_t seeds = 0, cuts = 0, acked_rows = 0, lost_rows = 0, oldest_lost_ms = 0, weighings = 0, tickets = 0;
  std::int64_t io_calls = 0, failed = 0;

  void add(const test::PowerCutResult& result) {
    ++seeds;
    cuts += result.cuts;
    acked_rows += result.acked_rows;
    lost_rows += result.lost_rows;
    oldest_lost_ms = std::max(oldest_lost_ms, result.oldest_lost_ms);
    weighings += result.weighings;
    tickets += result.tickets;
    io_calls += result.io_calls;
    failed += result.faults.empty() ? 0 : 1;
  }
};

class PowerCutTest : public testing::TestWithParam<SyncLevel> {
 protected:
  static void SetUpTestSuite() { test::install_faulty_vfs(); }
  std::string level() const { return GetParam() == SyncLevel::kTimed ? "default" : "power-cut"; }
};

/// EDGE_POWER_CUTS: how many seeds; EDGE_POWER_CUT_FROM: the first one; EDGE_POWER_CUT_REPORT: a file that gets a line
/// with the sums, behind which a run that was stopped goes on (tests/long/power_cut.sh).
TEST_P(PowerCutTest, LosesNothingThatWasPromised) {
  const std::int64_t from = number_from("EDGE_POWER_CUT_FROM", 1);
  const std::int64_t count = number_from("EDGE_POWER_CUTS", 25);
  const char* const report = std::getenv("EDGE_POWER_CUT_REPORT");
  const auto begin = std::chrono::steady_clock::now();
  const test::MemoryDir dir;
  Sums sums;
  const auto say = [&](std::int64_t seed, const char* file) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    char line[400];
    std::snprintf(line, sizeof line,
                  "level=%s upto=%lld seeds=%lld cuts=%lld io_calls=%lld acked_rows=%lld lost_rows=%lld "
                  "oldest_lost_ms=%lld weighings=%lld tickets=%lld failed=%lld seconds=%.0f\n",
                  level().c_str(), static_cast<long long>(seed), static_cast<long long>(sums.seeds),
                  static_cast<long long>(sums.cuts), static_cast<long long>(sums.io_calls),
                  static_cast<long long>(sums.acked_rows), static_cast<long long>(sums.lost_rows),
                  static_cast<long long>(sums.oldest_lost_ms), static_cast<long long>(sums.weighings),
                  static_cast<long long>(sums.tickets), static_cast<long long>(sums.failed), took.count());
    std::fputs(line, stdout);
    std::fflush(stdout);
    if (file != nullptr) std::ofstream(file, std::ios::app) << line;
  };
  for (std::int64_t seed = from; seed < from + count; ++seed) {
    const auto result = test::run_power_cut(static_cast<std::uint64_t>(seed), GetParam(), dir.path());
    sums.add(result);
    for (const std::string& fault : result.faults) ADD_FAILURE() << level() << ", seed " << seed << ": " << fault;
    if (report != nullptr && !result.faults.empty()) {
      std::ofstream(report, std::ios::app) << "level=" << level() << " FAILED seed=" << seed << ": "
                                           << result.faults.front() << '\n';
    }
    if (seed % 1'000 == 0 && seed < from + count - 1) say(seed, nullptr);
  }
  say(from + count - 1, report);
  EXPECT_GT(sums.acked_rows, 0);
  EXPECT_GE(sums.cuts, sums.seeds);
  if (GetParam() == SyncLevel::kEachCommit) {
    EXPECT_EQ(sums.lost_rows, 0);
  } else if (count >= 100) {
    EXPECT_GT(sums.lost_rows, 0) << "a shim that never loses anything would prove nothing";
  }
}

/// The name of a new folder is in the folder above, and a sync of its files does not see to that.
TEST_P(PowerCutTest, ANewStoreIsThereWithItsFolder) {
  const test::MemoryDir dir;
  std::mt19937_64 chance(1);
  test::Disk disk(dir.path(), {});
  test::attach(&disk);
  StoreOptions options;
  options.dir = dir.path() / "var" / "store";
  options.gateway = "gw-1";
  options.level = GetParam();
  const test::FakeClock clock;
  const auto store = SqliteStore::open(options, clock);
  test::attach(nullptr);
  ASSERT_TRUE(store) << store.error().detail;
  for (int n = 0; n < 20; ++n) {
    const test::Image left = disk.cut(chance);
    ASSERT_TRUE(left.contains("var/store/edge.sqlite"));
    EXPECT_TRUE(left.contains("var/store/edge.sqlite-wal"));
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, PowerCutTest, testing::Values(SyncLevel::kTimed, SyncLevel::kEachCommit),
                         [](const auto& given) { return given.param == SyncLevel::kTimed ? "Default" : "PowerCut"; });

}  // namespace
}  // namespace edge
