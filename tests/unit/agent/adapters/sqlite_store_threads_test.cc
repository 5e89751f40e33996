#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/adapters/sqlite_store/sync_timer.h"
#include "protocols/record/chain.h"
#include "protocols/wire/weighing_link.h"
#include "tests/support/fake_clock.h"
#include "tests/support/rows.h"
#include "tests/support/temp_dir.h"
#include "tests/support/weighings.h"

namespace edge {
namespace {

using std::chrono::milliseconds;

/// A disk that stands still until told.
class Disk {
 public:
  Result<void> sync() {
    std::unique_lock lock(mutex_);
    ++started_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    return result_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void fail_with(Result<void> result) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    open_ = true;
    changed_.notify_all();
  }
  void await_start() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return started_ > 0; });
  }
  int started() {
    const std::lock_guard lock(mutex_);
    return started_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int started_ = 0;
  bool open_ = false;
  Result<void> result_;
};

constexpr SyncTimer::Times kAtOnce{milliseconds{0}, milliseconds{0}};
constexpr SyncTimer::Times kNever{std::chrono::hours{1}, std::chrono::hours{1}};

TEST(SyncTimer, SyncsByItselfAndOpensTheGate) {
  Disk disk;
  SyncTimer timer([&] { return disk.sync(); }, kAtOnce);
  EXPECT_TRUE(timer.await()) << "nothing to wait for";
  timer.committed();
  auto gate = std::async(std::launch::async, [&] { return timer.await().has_value(); });
  disk.await_start();
  EXPECT_EQ(gate.wait_for(milliseconds{20}), std::future_status::timeout);
  disk.open();
  EXPECT_TRUE(gate.get());
}

TEST(SyncTimer, LetsYoungCommitsThrough) {
  Disk disk;
  SyncTimer timer([&] { return disk.sync(); }, kNever);
  timer.committed();
  EXPECT_TRUE(timer.await());
  EXPECT_EQ(disk.started(), 0);
  disk.open();
}

TEST(SyncTimer, CountsFromTheAcknowledgementWhereThatCameFirst) {
  Disk disk;
  SyncTimer timer([&] { return disk.sync(); }, kNever);
  timer.committed(1, std::chrono::hours{2});
  auto gate = std::async(std::launch::async, [&] { return timer.await().has_value(); });
  disk.await_start();
  EXPECT_EQ(gate.wait_for(milliseconds{20}), std::future_status::timeout) << "it is late already";
  disk.open();
  EXPECT_TRUE(gate.get());
}

TEST(SyncTimer, SyncNowWaitsForTheDisk) {
  Disk disk;
  SyncTimer timer([&] { return disk.sync(); }, kNever);
  EXPECT_TRUE(timer.sync_now());
  EXPECT_EQ(disk.started(), 0) << "nothing was committed";
  timer.committed();
  auto synced = std::async(std::launch::async, [&] { return timer.sync_now().has_value(); });
  disk.await_start();
  disk.open();
  EXPECT_TRUE(synced.get());
  EXPECT_TRUE(timer.sync_now());
  EXPECT_EQ(disk.started(), 1);
}

TEST(SyncTimer, DoesNotWaitForCommitsAfterTheOneAskedFor) {
  Disk disk;
  disk.open();
  SyncTimer timer([&] { return disk.sync(); }, kNever);
  const std::uint64_t first = timer.committed();
  EXPECT_TRUE(timer.sync_upto(first));
  timer.committed();
  EXPECT_TRUE(timer.sync_upto(first));
  EXPECT_EQ(disk.started(), 1) << "it is there already";
  EXPECT_TRUE(timer.sync_upto(first + 1));
  EXPECT_EQ(disk.started(), 2);
}

TEST(SyncTimer, AFailedSyncIsForEver) {
  Disk disk;
  SyncTimer timer([&] { return disk.sync(); }, kAtOnce);
  timer.committed();
  auto gate = std::async(std::launch::async, [&] { return timer.await(); });
  disk.await_start();
  disk.fail_with(fail(Errc::kIo, "cannot sync: Input/output error"));
  const auto refused = gate.get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kIo);
  EXPECT_EQ(timer.failure(), "cannot sync: Input/output error");
  disk.fail_with({});
  timer.committed();
  EXPECT_FALSE(timer.await()) << "the kernel may have dropped the pages: a later success proves nothing";
  EXPECT_FALSE(timer.sync_now());
}

TEST(SyncTimer, SyncsWhatIsLeftAtTheEnd) {
  Disk disk;
  disk.open();
  {
    SyncTimer timer([&] { return disk.sync(); }, kNever);
    timer.committed();
  }
  EXPECT_EQ(disk.started(), 1);
}

TEST(SqliteStoreThreads, AppendsFromSeveralWhileOneDelivers) {
  constexpr int kThreads = 4, kEach = 200;
  test::TempDir dir;
  test::FakeClock clock;
  StoreOptions options;
  options.dir = dir.path();
  options.gateway = "gw";
  options.min_free = 0;
  options.ballast_bytes = 1 << 16;
  auto opened = SqliteStore::open(options, clock);
  ASSERT_TRUE(opened) << opened.error().detail;
  SqliteStore& store = **opened;
  std::atomic<int> failures{0};
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      for (int n = 0; n < kEach; ++n) {
        NewObservation row = test::row(n, clock.utc_ms(), t);
        if (!store.append({&row, 1}, {{"messages", 1}, {"readings", 1}})) ++failures;
        if (n % 50 == 0) (void)store.accepting();
      }
    });
  }
  std::set<std::string> uids;
  std::set<std::int64_t> seqs;
  while (seqs.size() < kThreads * kEach) {
    const auto rows = store.pending(100, clock.utc_ms(), false);
    ASSERT_TRUE(rows) << rows.error().detail;
    std::vector<Outcome> outcomes(rows->size());
    for (std::size_t i = 0; i < rows->size(); ++i) {
      outcomes[i].id = (*rows)[i].id;
      uids.insert((*rows)[i].observation.uid);
      seqs.insert((*rows)[i].seq);
    }
    ASSERT_TRUE(store.settle(outcomes, clock.utc_ms()));
    (void)store.totals();
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(uids.size(), kThreads * kEach);
  EXPECT_EQ(*seqs.begin(), 1);
  EXPECT_EQ(*seqs.rbegin(), kThreads * kEach) << "dense";
  const auto audit = store.audit();
  ASSERT_TRUE(audit);
  EXPECT_EQ(audit->totals.sent, kThreads * kEach);
  EXPECT_EQ(audit->counters.at("readings"), kThreads * kEach);
}

class WeighingBeside : public testing::TestWithParam<SyncLevel> {};
TEST_P(WeighingBeside, ReadingsKeepsBothDense) {
  constexpr int kEach = 60;
  test::TempDir dir;
  test::FakeClock clock;
  StoreOptions options;
  options.dir = dir.path();
  options.gateway = "gw";
  options.min_free = 0;
  options.ballast_bytes = 1 << 16;
  options.level = GetParam();
  auto opened = SqliteStore::open(options, clock);
  ASSERT_TRUE(opened) << opened.error().detail;
  SqliteStore& store = **opened;
  std::atomic<int> failures{0};
  std::vector<std::thread> writers;
  writers.emplace_back([&] {
    for (int n = 0; n < kEach; ++n) {
      NewObservation row = test::row(n, clock.utc_ms());
      if (!store.append({&row, 1}, {{"messages", 1}, {"decoded", 1}, {"readings", 1}})) ++failures;
    }
  });
  for (const char* scale : {"ws1", "ws2"}) {
    writers.emplace_back([&, scale] {
      for (int n = 0; n < kEach; ++n) {
        const auto made = store.record(test::weighing(clock.utc_ms(), std::to_string(n), scale), {});
        if (!made || made->alibi_seq != n + 1) ++failures;
        if (n % 10 == 0 && !store.finish(0, test::ticket(n), "S1")) ++failures;
        (void)store.chain_heads();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  for (const char* scale : {"ws1", "ws2"}) {
    ChainWalk walk;
    const auto links = store.weighings(scale, 0, 1'000);
    ASSERT_TRUE(links) << links.error().detail;
    for (const auto& [id, link] : *links) EXPECT_EQ(to_text(walk.step(wire::link_of(link, "gw"), link.hash)), "");
    EXPECT_EQ(walk.steps(), kEach + 1);
  }
  std::set<std::string> numbers;
  const auto tickets = *store.tickets("", 100);
  for (const wire::ScaleTicket& ticket : tickets) numbers.insert(ticket.number);
  EXPECT_EQ(numbers.size(), 12U);
  EXPECT_EQ(store.counters().at("readings"), kEach);
  EXPECT_EQ(store.counters().at("documents"), 2 * (kEach + 1) + 12);
  EXPECT_EQ(store.totals().last_seq, kEach + 2 * (kEach + 1) + 12);
}
INSTANTIATE_TEST_SUITE_P(Levels, WeighingBeside, testing::Values(SyncLevel::kTimed, SyncLevel::kEachCommit),
                         [](const auto& given) { return given.param == SyncLevel::kTimed ? "Timed" : "EachCommit"; });

}  // namespace
}  // namespace edge
