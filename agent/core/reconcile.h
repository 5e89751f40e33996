#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/backoff.h"
#include "agent/ports/clock.h"
#include "agent/ports/sink.h"
#include "agent/ports/store.h"
#include "protocols/wire/reconcile.h"

namespace edge {

struct ReconcileRequest {
  std::optional<std::int64_t> since, until;  ///< of received_at, UTC ms, both included; none = whatever is kept
  bool all = false;                          ///< send the range again without asking what is missing
  bool dry_run = false;                      ///< only count
};

struct ReconcileStatus {
  std::string state = "idle";  ///< "idle" "running" "done" "failed" "cancelled"
  ReconcileRequest request;
  std::int64_t started_at = 0, ended_at = 0;  ///< UTC ms; 0 = not yet
  std::int64_t rows = 0;                      ///< sent rows and purged documents looked at
  std::int64_t blocks = 0, differ = 0;        ///< blocks compared; those that differ
  std::int64_t missing = 0;                   ///< of the range: what the server lacks (all = the whole range)
  std::int64_t resent = 0;                    ///< made pending again
  std::string trouble;                        ///< why it waits or failed
};

/// Finds what the server took and has lost again (it was set back to an older backup), and makes exactly that pending
/// again: blocks of 4,096 seq are compared by count and XOR, only the uids of blocks that differ are asked for
/// (wire.md §7). Everything it does may be done twice and may end at any moment.
///
/// By itself it looks now and then at the newest blocks, changes nothing and tells of what is missing.
/// step() by the uplink thread; the rest from any.
class Reconciler {
 public:
  static constexpr std::chrono::milliseconds kWatchEvery{3'600'000};
  static constexpr std::chrono::milliseconds kWatchSoon{60'000};
  static constexpr std::chrono::milliseconds kFirstBackoff{2'000};
  static constexpr int kTries = 8;

  Reconciler(SentRows& rows, Sink& sink, const State& state, const Clock& clock, std::string gateway,
             std::uint64_t seed);

  /// Errors: kRefused while one is running.
  Result<void> start(const ReconcileRequest& request);
  void cancel();
  /// At most one request; how long until the next call, 0 = there is more to do.
  std::chrono::milliseconds step();
  ReconcileStatus status() const;

  /// The server was away: soon looks whether it came back with less.
  void watch_soon();
  /// Records of the newest blocks that the server took and lacks; 0 = none that is known of.
  std::int64_t missing_seen() const;

 private:
  struct Block {
    std::string epoch;
    RowId after = 0, last = 0;  ///< its kept rows are in (after, last]
    bool in_range = false;      ///< one of them is
    wire::BlockSum sum;
  };
  /// What is being done; of the uplink thread alone.
  struct Job {
    ReconcileRequest request;
    bool watch = false;
    RowId after = 0;              ///< everything up to it was compared
    bool rows_done = false;
    std::deque<Block> differing;  ///< not asked for yet
    std::int64_t shelf = 0;       ///< how far the documents are
    bool shelf_done = false;
    ReconcileStatus counts;
  };

  void take_job();
  Result<void> work();
  Result<std::vector<Block>> read_blocks(RowId& after, bool& at_end) const;
  Block block_of(std::vector<SentRow> rows) const;
  void skip_harmless(std::vector<Block>& blocks);
  Result<void> compare_next();
  Result<void> ask_block();
  Result<void> resend_next();
  Result<void> documents();
  Result<void> send_again(std::vector<SentRow> rows);
  Result<std::vector<SentRow>> lacking(std::vector<SentRow> rows);
  Result<std::string> ask(const std::string& body);
  wire::ReconcileHead head(const std::string& epoch) const;
  bool is_in_range(const SentRow& row) const;
  std::chrono::milliseconds on_trouble(const Error& error);
  void finish(std::string_view state, const std::string& trouble);
  void publish();

  SentRows& rows_;
  Sink& sink_;
  const State& state_;
  const Clock& clock_;
  const std::string gateway_;
  Backoff backoff_;
  std::optional<Job> job_;
  std::int64_t next_at_ = 0, watch_at_;  ///< mono ms
  /// Blocks that differ and lack nothing (a twin under two seq), by epoch and first seq, with the mono ms of that word.
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> harmless_;

  mutable std::mutex mutex_;  ///< guards what follows
  ReconcileStatus status_;
  std::optional<ReconcileRequest> wanted_;
  bool cancelled_ = false, soon_ = false;
  std::int64_t missing_seen_ = 0;
};

}  // namespace edge
