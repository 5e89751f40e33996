#pragma once
#include <array>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace edge::bench {

/// 128-bit uids, 16 bytes each and a third of that for the table's slack; no allocation per entry.
class UidSet {
 public:
  /// False where it was there already. `hex`: 32 hex digits; anything else counts as new.
  bool add(std::string_view hex);
  std::size_t size() const { return size_; }

 private:
  struct Uid {
    std::uint64_t high = 0, low = 0;
  };
  static bool put(std::vector<Uid>& slots, Uid uid);
  void grow();

  std::vector<Uid> slots_;
  std::size_t size_ = 0;
};

/// Milliseconds from the receive stamp of a row to its arrival here.
class Latencies {
 public:
  void add(std::int64_t ms);
  void clear() { *this = Latencies(); }
  std::uint64_t count() const { return count_; }
  /// The smallest value that `share` of all do not exceed; 0 where there is none.
  std::int64_t quantile(double share) const;
  std::int64_t max() const { return max_; }

 private:
  std::vector<std::uint32_t> per_ms_ = std::vector<std::uint32_t>(600'001);
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
};

struct RowOptions {
  bool keep_uids = false;
  bool latency = false;
  std::string rows_file;  ///< empty: none
};

/// What arrived. Finds the records of a batch by their keys, in the order wire::encode() writes them: no JSON is read.
/// Every method locks.
class SinkRows {
 public:
  explicit SinkRows(const RowOptions& options);

  /// Counts the records of a batch and answers the list of results: one `stored` (or `duplicate`) each.
  std::string take(std::string_view batch, std::int64_t now);
  /// A row for each `mark` in the body of some other program.
  void count(std::string_view body, std::string_view mark, std::int64_t now);
  /// Rows received from `now` on are live ones; their latencies start anew.
  void start_live(std::int64_t now);
  /// JSON members without braces.
  std::string stats() const;

 private:
  void arrived(std::size_t bytes, bool any, std::int64_t now);
  void note(std::string_view batch, std::size_t at, std::string_view uid, std::int64_t now);

  RowOptions options_;
  mutable std::mutex mutex_;
  UidSet uids_;
  Latencies latencies_;
  std::ofstream rows_file_;
  std::uint64_t rows_ = 0, doubles_ = 0, batches_ = 0, bytes_ = 0;
  std::int64_t first_row_at_ = 0, last_row_at_ = 0, live_since_ = 0;
};

}  // namespace edge::bench
