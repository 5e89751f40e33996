#pragma once
#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace edge::sink {

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

/// What arrived, where nothing is remembered. Finds the records of a batch by their keys, in the order wire::encode() writes them: no JSON is read.
/// Every method locks.
class Tally {
 public:
  /// `latency`: measures the live rows.
  explicit Tally(bool latency) : latency_(latency) {}

  /// Counts the records of a batch and answers the list of results: `stored` each.
  std::string take(std::string_view batch, std::int64_t now);
  /// A row for each `mark` in the body of some other program.
  void count(std::string_view body, std::string_view mark, std::int64_t now);
  /// Rows received from `now` on are live ones; their latencies start anew.
  void start_live(std::int64_t now);
  /// JSON members without braces.
  std::string stats() const;

 private:
  void arrived(std::size_t bytes, bool any, std::int64_t now);
  void note(std::string_view batch, std::size_t at, std::int64_t now);

  const bool latency_;
  mutable std::mutex mutex_;
  Latencies latencies_;
  std::uint64_t rows_ = 0, batches_ = 0, bytes_ = 0;
  std::int64_t first_row_at_ = 0, last_row_at_ = 0, live_since_ = 0;
};

}  // namespace edge::sink
