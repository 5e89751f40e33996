#include "agent/core/batch_ahead.h"

#include <utility>

namespace edge {

BatchAhead::BatchAhead(Delivery& delivery) : delivery_(delivery) {}
BatchAhead::~BatchAhead() = default;

void BatchAhead::begin(RowId after, std::size_t limit, std::int64_t now, wire::BatchHead head) {
  const std::lock_guard lock(mutex_);
  ready_.reset();
  job_ = [this, after, limit, now, head = std::move(head)]() -> std::optional<EncodedRows> {
    auto rows = delivery_.pending_after(after, limit, now);
    if (!rows || rows->empty()) return std::nullopt;  // an error comes again when the rows are asked for in turn
    return encode_rows(std::move(*rows), head);
  };
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  wake_.notify_all();
}

void BatchAhead::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [this] { return static_cast<bool>(job_); })) {
    lock.unlock();
    auto done = job_();  // begin() is not called before it is gone
    lock.lock();
    ready_ = std::move(done);
    job_ = nullptr;
    wake_.notify_all();
  }
}

void BatchAhead::wait() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !job_; });
}

std::optional<EncodedRows> BatchAhead::take(const std::string& epoch) {
  wait();
  const std::lock_guard lock(mutex_);
  auto taken = std::exchange(ready_, std::nullopt);
  if (taken && taken->epoch != epoch) taken.reset();
  return taken;
}

void BatchAhead::drop() {
  wait();
  const std::lock_guard lock(mutex_);
  ready_.reset();
}

}  // namespace edge
