#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "agent/adapters/sqlite_store/inspection.h"
#include "agent/adapters/sqlite_store/recall.h"
#include "agent/adapters/sqlite_store/salvage.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {

/// The thread behind a running store: recalls the youngest rows of what was set aside (as much of that as takes a moment
/// before it returns from the constructor: sources start then), puts it back, then looks a file through that was not closed
/// properly. Short steps with pauses longer than they are, so that appends come first. It ends when all is done.
class Upkeep {
 public:
  explicit Upkeep(StoreBody& body);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

 private:
  void run();
  /// True while there are rows to recall of `kept`.
  bool recall(const std::string& kept);
  /// False: there is nothing left to do.
  Result<bool> step();
  /// False: the end.
  bool pause(std::chrono::milliseconds time);

  StoreBody& body_;
  std::unique_ptr<Recall> recall_;  ///< never beside salvage_: each has the kept database for itself
  std::string recalled_;            ///< the directory it was or is of
  std::unique_ptr<Salvage> salvage_;
  Inspection inspection_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace edge
