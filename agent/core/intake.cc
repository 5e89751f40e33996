#include "agent/core/intake.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace edge {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{200};  ///< whether the store accepts again
/// Half of the journal and more, so that what waits always fits.
constexpr std::size_t kMostBytes = 524'288;
/// Connections are counted anew by each process: those of an earlier one answer no redelivery in the place of ours.
constexpr std::uint32_t kEarlier = 0x8000'0000;

}  // namespace

Intake::Intake(const Parts& parts, Fatal fatal, Trouble trouble, Times times)
    : parts_(parts), fatal_(std::move(fatal)), trouble_(std::move(trouble)), times_(times) {}

Intake::~Intake() {
  release();
  stop();
}

void Intake::start(bool redelivered) {
  left_ = parts_.journal.left();
  for (ArrivedMessage& message : left_) {
    message.connection |= kEarlier;
    message.duplicate |= redelivered;
  }
  thread_ = std::thread([this] { run(); });
}

void Intake::release() {
  {
    const std::lock_guard lock(mutex_);
    released_ = true;
  }
  work_.notify_all();
  room_.notify_all();
}

void Intake::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Intake::is_open() const {
  if (failed_ || released_) return true;
  if (!left_.empty() || queued_bytes_ > kMostBytes) return false;
  const auto& first = in_hand_ ? in_hand_ : oldest_;
  return !first || parts_.clock.mono_ms() - *first < times_.limit.count();
}

Result<void> Intake::accept(const InboundMessage& message) {
  const ArrivalTime now{parts_.clock.utc_ms(), parts_.clock.mono_ms(), parts_.clock.state(), parts_.clock.boot_id()};
  const std::size_t bytes = message.topic.size() + message.payload.size();
  Lock lock(mutex_);
  room_.wait(lock, [this] { return is_open(); });
  if (failed_) return tl::unexpected(*failed_);
  if (!parts_.gathers || bytes > kLargest) return accept_directly(lock, message);
  ArrivedMessage kept{std::string(message.topic), std::string(message.payload), message.packet_id, message.retained,
                      message.duplicate, message.connection, now, 0};
  if (auto written = parts_.journal.append(kept); !written) {
    in_trouble_ = true;
    trouble_(written.error().detail);
    return accept_directly(lock, message);
  }
  if (std::exchange(in_trouble_, false)) trouble_("");
  queued_bytes_ += bytes;
  queue_.push_back(std::move(kept));
  if (!oldest_) oldest_ = parts_.clock.mono_ms();
  if (queue_.size() == 1 || queue_.size() == kGroup) work_.notify_one();
  return {};
}

/// In its turn: the lock is held meanwhile.
Result<void> Intake::accept_directly(Lock& lock, const InboundMessage& message) {
  room_.wait(lock, [this] { return failed_ || released_ || (left_.empty() && queue_.empty() && !in_hand_); });
  if (failed_) return tl::unexpected(*failed_);
  return parts_.direct.accept(message);
}

/// False after a failure.
bool Intake::commit(Lock& lock, std::vector<ArrivedMessage>& group) {
  lock.unlock();
  const auto stored = parts_.group.accept_group(group);
  lock.lock();
  in_hand_.reset();
  if (stored) {
    parts_.journal.taken(group.back().number);
  } else {
    failed_ = stored.error();
  }
  room_.notify_all();
  if (stored) return true;
  lock.unlock();
  fatal_(stored.error());
  lock.lock();
  return false;
}

/// False where the rest stays in the journal.
bool Intake::take_left(Lock& lock) {
  while (!left_.empty()) {
    while (!parts_.outbox.accepting()) {
      if (released_) return false;
      work_.wait_for(lock, kLook);
    }
    const auto end = left_.begin() + static_cast<std::ptrdiff_t>(std::min(left_.size(), kGroup));
    std::vector<ArrivedMessage> group(std::make_move_iterator(left_.begin()), std::make_move_iterator(end));
    if (!commit(lock, group)) return false;
    left_.erase(left_.begin(), end);
  }
  room_.notify_all();
  return true;
}

void Intake::run() {
  Lock lock(mutex_);
  if (!take_left(lock)) return;
  std::vector<ArrivedMessage> group;
  while (true) {
    work_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (queue_.empty()) return;
    work_.wait_for(lock, times_.gather, [this] { return stop_ || queue_.size() >= kGroup; });
    group.swap(queue_);
    queued_bytes_ = 0;
    in_hand_ = std::exchange(oldest_, std::nullopt);
    if (!commit(lock, group)) return;
    group.clear();
  }
}

}  // namespace edge
