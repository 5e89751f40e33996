// Journal, intake, ingest and store together, killed at any moment: what was acknowledged is there, once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "agent/adapters/journal_file/journal_file.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/core/health.h"
#include "agent/core/ingest.h"
#include "agent/core/intake.h"
#include "tests/support/fake_clock.h"
#include "tests/support/ingest_rules.h"
#include "tests/support/temp_dir.h"

namespace edge {
namespace {

/// As the agent puts them together.
class Chain {
 public:
  Chain(const StoreOptions& options, const Clock& clock)
      : store_(*SqliteStore::open(options, clock)),
        ingest_(*store_, clock, test::site_rules()),
        journal_(*JournalFile::open(options.dir, journal_position(store_->counters()), [](auto) {})),
        intake_({*journal_, *store_, ingest_, ingest_, clock}, [](const Error&) { ::_exit(2); }, [](auto) {}) {
    if (!ingest_.warm()) ::_exit(3);
    intake_.start(journal_position(store_->counters()) == 0);
  }
  MessageSink& sink() { return intake_; }
  /// All that waits is in the store then.
  SqliteStore& settled() {
    intake_.release();
    intake_.stop();
    return *store_;
  }

 private:
  std::unique_ptr<SqliteStore> store_;
  Ingest ingest_;
  std::unique_ptr<JournalFile> journal_;
  Intake intake_;
};

/// A process that takes messages and says which of them it has acknowledged, until it is killed.
class Taker {
 public:
  Taker(const StoreOptions& options, const Clock& clock, int first) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      take(options, clock, first, ends[1]);
      ::_exit(1);
    }
    ::close(ends[1]);
    in_ = ends[0];
  }
  ~Taker() { ::close(in_); }
  Taker(const Taker&) = delete;
  Taker& operator=(const Taker&) = delete;

  void kill_after(std::chrono::microseconds time) {
    char ready = 0;
    ASSERT_EQ(::read(in_, &ready, 1), 1);
    std::this_thread::sleep_for(time);
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself, " << WEXITSTATUS(status);
  }
  /// The last message it has acknowledged; `first` - 1: none.
  int acknowledged(int first) {
    std::string all;
    char piece[4'096];
    for (ssize_t got = 0; (got = ::read(in_, piece, sizeof piece)) > 0;) all.append(piece, static_cast<std::size_t>(got));
    const auto end = all.find_last_of('\n');
    if (end == std::string::npos) return first - 1;
    const auto begin = all.find_last_of('\n', end - 1);
    return std::atoi(all.c_str() + (begin == std::string::npos ? 0 : begin + 1));
  }

 private:
  static void take(const StoreOptions& options, const Clock& clock, int first, int out) {
    Chain chain(options, clock);
    if (::write(out, "r", 1) != 1) ::_exit(4);
    for (int n = first;; ++n) {
      // Without a time of its own: only its place in the journal keeps it from coming twice.
      const std::string payload = R"({"metric":"count","value":)" + std::to_string(n) + "}";
      InboundMessage message{"yam/silo-a/dev1/observation", payload};
      message.packet_id = static_cast<std::uint16_t>(1 + n % 65'535);
      if (!chain.sink().accept(message)) ::_exit(5);
      const std::string line = std::to_string(n) + "\n";
      if (::write(out, line.data(), line.size()) < 0) ::_exit(6);
      if (n % 97 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  pid_t pid_ = -1;
  int in_ = -1;
};

/// `taken`: messages, at the end.
void kill_in_a_new_place(std::mt19937& dice, int& taken) {
  const test::TempDir dir;
  const test::FakeClock clock;
  StoreOptions options;
  options.dir = dir.path();
  options.gateway = "gw-silo-a";
  options.min_free = 0;
  options.max_bytes = 1LL << 30;
  int last = 0;
  RowId seen = 0;
  for (int kill = 0; kill < 8; ++kill) {
    Taker taker(options, clock, last + 1);
    taker.kill_after(std::chrono::microseconds(dice() % 30'000));
    const int acknowledged = taker.acknowledged(last + 1);
    Chain chain(options, clock);
    SqliteStore& store = chain.settled();
    const auto rows = store.list_pending(1'000'000, seen);
    ASSERT_TRUE(rows);
    for (const PendingRow& row : *rows) {
      ASSERT_EQ(std::atoi(row.observation.value.value_or("0").c_str()), ++last) << "in order and once, kill " << kill;
    }
    if (!rows->empty()) seen = rows->back().id;
    EXPECT_GE(last, acknowledged) << "kill " << kill;
    // One more than was said may be there: it was taken, and the process died before it could say so.
    EXPECT_LE(last, acknowledged + 1) << "kill " << kill;
    if (testing::Test::HasFailure()) return;
    if (kill == 7) {
      EXPECT_TRUE(conservation_of(*store.audit()).holds());
    }
  }
  taken += last;
}

/// EDGE_INTAKE_KILLS: how many eights, where more is wanted.
TEST(IntakeKill, WhatWasAcknowledgedIsThereOnce) {
  const char* const more = std::getenv("EDGE_INTAKE_KILLS");
  std::mt19937 dice(20'261'126);
  int taken = 0;
  for (int place = more == nullptr ? 3 : std::atoi(more); place > 0 && !HasFailure(); --place) {
    kill_in_a_new_place(dice, taken);
  }
  EXPECT_GT(taken, 100) << "it has hardly done anything";
}

}  // namespace
}  // namespace edge
