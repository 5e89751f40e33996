#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "agent/core/health.h"
#include "tests/support/document_rig.h"

namespace edge {
namespace {

/// A process that weighs without end and says what it was told, a line each, until it is killed.
class Weigher {
 public:
  Weigher(const StoreOptions& options, const Clock& clock) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      out_ = ends[1];
      weigh(options, clock);
      ::_exit(1);
    }
    ::close(ends[1]);
    in_ = ends[0];
  }
  ~Weigher() { ::close(in_); }
  Weigher(const Weigher&) = delete;
  Weigher& operator=(const Weigher&) = delete;

  /// The next line; nothing at the end.
  std::optional<std::string> line() {
    std::string text;
    for (char c = 0; ::read(in_, &c, 1) == 1; text.push_back(c)) {
      if (c == '\n') return text;
    }
    return std::nullopt;
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: a call of the store failed";
  }

 private:
  void say(const std::string& line) const {
    // Shorter than PIPE_BUF: a line is written whole or not at all.
    if (::write(out_, line.data(), line.size()) < 0) ::_exit(2);
  }
  void weigh(const StoreOptions& options, const Clock& clock) const {
    auto opened = SqliteStore::open(options, clock);
    if (!opened) return;
    SqliteStore& store = **opened;
    for (;;) {
      NewObservation row = test::row(1, clock.utc_ms());
      if (!store.append({&row, 1}, {{"messages", 1}, {"decoded", 1}, {"readings", 1}})) return;
      const auto open = store.put(test::open_ticket(clock.utc_ms()));
      if (!open) return;
      for (const char* kg : {"38440", "14580"}) {
        const auto made = store.record(test::weighing(clock.utc_ms(), kg), open->id);
        if (!made) return;
        say("w " + made->stamp.uid + " " + made->hash + "\n");
      }
      const auto ticket = store.finish(open->id, test::ticket(clock.utc_ms()), "S1");
      if (!ticket) return;
      say("t " + ticket->number + " " + ticket->stamp.uid + "\n");
    }
  }

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
};

class KillTest : public test::DocumentRig {
 protected:
  void expect_told(const std::string& line) {
    const std::string key = line.substr(2, line.rfind(' ') - 2), word = line.substr(line.rfind(' ') + 1);
    if (line.front() == 'w') {
      const auto kept = store_->weighing(key);
      ASSERT_TRUE(kept) << line;
      EXPECT_EQ(kept->hash, word);
    } else {
      const auto kept = *store_->tickets(key, 2);
      ASSERT_EQ(kept.size(), 1U) << line;
      EXPECT_EQ(kept[0].stamp.uid, word);
    }
  }
  /// Numbers 1 to n, each once; uids of their weighings are there; what is open is not finished.
  void expect_tickets() {
    const auto tickets = *store_->tickets("", 1'000'000);
    std::set<std::string> numbers;
    for (const wire::ScaleTicket& ticket : tickets) numbers.insert(ticket.number);
    ASSERT_EQ(numbers.size(), tickets.size()) << "no number twice";
    std::size_t n = 0;
    for (const std::string& number : numbers) {
      std::string digits = std::to_string(++n);
      EXPECT_EQ(number, "silo-a-S1-3-" + digits.insert(0, 6 - digits.size(), '0'));
    }
    std::size_t passes = 0;
    const auto open = *store_->open_tickets();
    for (const OpenTicket& ticket : open) {
      for (const std::string& uid : {ticket.first_weighing, ticket.second_weighing}) {
        if (uid.empty()) continue;
        ++passes;
        EXPECT_TRUE(store_->weighing(uid));
      }
    }
    EXPECT_EQ(chain().size(), tickets.size() * 2 + passes + 1) << "each weighing stands on its ticket";
  }
  void expect_outbox() {
    RowId last = 0;
    std::size_t documents = 0;
    for (;;) {
      const auto rows = *store_->list_pending(500, last);
      for (const PendingRow& row : rows) {
        ASSERT_EQ(row.id, ++last) << "dense";
        documents += row.document.empty() ? 0U : 1U;
      }
      if (rows.empty()) break;
    }
    EXPECT_EQ(documents, chain().size() + store_->tickets("", 1'000'000)->size());
    EXPECT_TRUE(conservation_of(*store_->audit()).holds());
  }
};

TEST_F(KillTest, NothingThatWasToldIsLost) {
  constexpr int kKills = 20;
  std::mt19937 random(20'260'223);
  std::vector<std::string> told;
  for (int round = 0; round < kKills; ++round) {
    StoreOptions with = options();
    with.level = round % 2 == 0 ? SyncLevel::kTimed : SyncLevel::kEachCommit;
    store_.reset();  // one process at a time; and no thread of this one when it forks
    {
      Weigher weigher(with, clock_);
      const auto some = std::uniform_int_distribution<int>(8, 20)(random);
      for (int n = 0; n < some; ++n) {
        auto line = weigher.line();
        ASSERT_TRUE(line) << "a call of the store failed";
        told.push_back(std::move(*line));
      }
      // Not always at the same place behind a line.
      std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, 5'000)(random)));
      weigher.kill();
      while (auto line = weigher.line()) told.push_back(std::move(*line));
    }
    open();
    expect_chain();
    expect_tickets();
    expect_outbox();
    if (HasFatalFailure()) return;
  }
  for (const std::string& line : told) {
    expect_told(line);
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(chain().size(), 100U);
  EXPECT_EQ(store_->identity().epoch, "3") << "no kill made a new store of it";
}

}  // namespace
}  // namespace edge
