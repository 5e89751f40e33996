#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tests/faults/ack_journal.h"
#include "tests/support/fake_clock.h"

namespace edge::test {

/// Each thing an agent asks of its store once, in one order, whatever fails on the way.
class FixedScript {
 public:
  FixedScript(const StoreOptions& options, AckJournal& journal) : options_(options), journal_(journal) {}
  void run();
  std::size_t refused() const { return refused_; }
  /// How often nothing could be appended any more and size() did not say why.
  int silent() const { return silent_; }
  /// What is wrong with how failures were reported.
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  template <class T>
  bool done(const Result<T>& result) {
    if (result) return true;
    ++refused_;
    const bool known = result.error().code == Errc::kIo || result.error().code == Errc::kFull ||
                       result.error().code == Errc::kCorrupt || result.error().code == Errc::kRefused ||
                       result.error().code == Errc::kNotFound;
    if (!known || result.error().detail.empty()) faults_.push_back("an error that says nothing: " + result.error().detail);
    return false;
  }
  bool open();
  void append(int count);
  void weigh_a_load();
  void deliver();
  void live_a_day();
  void ask();
  void works_on();

  StoreOptions options_;
  AckJournal& journal_;
  FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
  std::size_t refused_ = 0;
  int silent_ = 0;
  int number_ = 1'000;
  std::vector<std::string> faults_;
};

}  // namespace edge::test
