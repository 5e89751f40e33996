#include "agent/adapters/sqlite_store/sync_timer.h"

#include <algorithm>
#include <utility>

namespace edge {

SyncTimer::SyncTimer(SyncFile sync, Times times) : sync_(std::move(sync)), times_(times), thread_([this] { run(); }) {}

SyncTimer::~SyncTimer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
  thread_.join();
}

std::uint64_t SyncTimer::committed(std::int64_t upto, std::chrono::milliseconds ago) {
  const std::lock_guard lock(mutex_);
  ++committed_;
  committed_rows_ = std::max(committed_rows_, upto);
  const Time told = std::chrono::steady_clock::now() - ago;
  if (oldest_) {
    oldest_ = std::min(*oldest_, told);
    return committed_;
  }
  oldest_ = told;
  work_.notify_one();
  return committed_;
}

std::int64_t SyncTimer::synced_rows() const {
  const std::lock_guard lock(mutex_);
  return synced_rows_;
}

bool SyncTimer::is_late() const {
  const std::optional<Time>& first = in_flight_ ? in_flight_ : oldest_;
  return first && std::chrono::steady_clock::now() - *first >= times_.limit;
}

Result<void> SyncTimer::verdict() const {
  if (!failure_.empty()) return fail(Errc::kIo, failure_);
  return {};
}

Result<void> SyncTimer::await() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return !failure_.empty() || !is_late(); });
  return verdict();
}

Result<void> SyncTimer::sync_now() {
  std::unique_lock lock(mutex_);
  return sync_upto(committed_, lock);
}

Result<void> SyncTimer::sync_upto(std::uint64_t commit) {
  std::unique_lock lock(mutex_);
  return sync_upto(commit, lock);
}

Result<void> SyncTimer::sync_upto(std::uint64_t commit, std::unique_lock<std::mutex>& lock) {
  if (synced_ < commit) {
    hurry_ = true;
    work_.notify_one();
    done_.wait(lock, [&] { return !failure_.empty() || synced_ >= commit; });
  }
  return verdict();
}

std::string SyncTimer::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void SyncTimer::sync_once(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t covered = committed_;
  const std::int64_t covered_rows = committed_rows_;
  in_flight_ = std::exchange(oldest_, std::nullopt);
  hurry_ = false;
  lock.unlock();
  auto synced = sync_();
  lock.lock();
  in_flight_.reset();
  if (synced) {
    synced_ = covered;
    synced_rows_ = covered_rows;
  } else {
    failure_ = synced.error().detail;
  }
  done_.notify_all();
}

void SyncTimer::run() {
  std::unique_lock lock(mutex_);
  while (failure_.empty()) {
    work_.wait(lock, [this] { return stop_ || oldest_; });
    if (!oldest_) return;
    const Time due = *oldest_ + times_.delay;
    work_.wait_until(lock, due, [this] { return stop_ || hurry_; });
    sync_once(lock);
  }
}

}  // namespace edge
