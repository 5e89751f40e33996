#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/faults/ack_journal.h"
#include "tests/support/fake_clock.h"

namespace edge::test {

/// What an agent does with its store, by chance, step by step; what the store says yes to goes into the journal, unless
/// the power had gone before it said so.
class StoreScript {
 public:
  using Idle = std::function<void(std::int64_t ns)>;
  using IsOver = std::function<bool()>;
  StoreScript(const StoreOptions& options, AckJournal& journal, std::mt19937_64& chance, Idle idle, IsOver is_over);
  ~StoreScript();
  StoreScript(const StoreScript&) = delete;
  StoreScript& operator=(const StoreScript&) = delete;

  bool open();
  void step();
  /// So many rows that new ones go ahead of them.
  void build_backlog();
  /// What failed though the power was there.
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  /// Notes a call that failed under power; true = it succeeded and may be told.
  template <class T>
  bool told(const Result<T>& result, const char* what) {
    if (is_over_()) return false;
    if (!result) faults_.push_back(std::string(what) + ": " + result.error().detail);
    return result.has_value();
  }
  std::string wanted_scale() { return chance_() % 3 == 0 ? "ws2" : "ws1"; }
  void append(int rows);
  void duplicate();
  void take();
  void deliver();
  void weigh();
  void put();
  void finish();
  void make_void();
  void flush();
  void grant();
  void look();
  void open_again();

  StoreOptions options_;
  AckJournal& journal_;
  std::mt19937_64& chance_;
  Idle idle_;
  IsOver is_over_;
  FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
  std::vector<PendingRow> out_;  ///< handed out, not settled
  std::vector<std::string> faults_;
};

}  // namespace edge::test
