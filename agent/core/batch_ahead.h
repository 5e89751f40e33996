#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/core/batch_rows.h"
#include "agent/ports/store.h"
#include "protocols/wire/batch.h"

namespace edge {

/// Reads and encodes the next rows of a backlog in a thread of its own while a request is under way: a drain costs the
/// longer of the two, not the sum. One thread calls.
class BatchAhead {
 public:
  explicit BatchAhead(Delivery& delivery);
  ~BatchAhead();
  BatchAhead(const BatchAhead&) = delete;
  BatchAhead& operator=(const BatchAhead&) = delete;

  /// Begins with the rows behind `after`, to go in a request with `head` (its number and time may change).
  void begin(RowId after, std::size_t limit, std::int64_t now, wire::BatchHead head);
  /// Until what was begun is done. A store that is closed afterwards is not read any more.
  void wait();
  /// What is ready, once; nothing where nothing was begun, no rows are there, or they were encoded for another epoch.
  std::optional<EncodedRows> take(const std::string& epoch);
  /// What is ready is of no use any more: its rows go when they are asked for again.
  void drop();

 private:
  void run(const std::stop_token& stop);

  Delivery& delivery_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::function<std::optional<EncodedRows>()> job_;  ///< empty = nothing to do
  std::optional<EncodedRows> ready_;
  std::jthread thread_;  ///< last: it ends before the rest goes; started by the first job
};

}  // namespace edge
