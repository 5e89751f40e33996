#include "agent/adapters/sqlite_store/upkeep.h"

#include <algorithm>

namespace edge {
namespace {

constexpr std::chrono::milliseconds kRetry{10'000};
constexpr std::chrono::milliseconds kAtStart{150};  ///< intake waits for it
using Time = std::chrono::steady_clock;

}  // namespace

Upkeep::Upkeep(StoreBody& body) : body_(body), inspection_(body) {
  const auto kept = kept_to_salvage(body.options.dir);
  const auto until = Time::now() + kAtStart;
  while (!kept.empty() && Time::now() < until && recall(kept.front().string())) {
  }
  thread_ = std::thread([this] { run(); });
}

bool Upkeep::recall(const std::string& kept) {
  if (recalled_ != kept) {
    recalled_ = kept;
    recall_ = std::make_unique<Recall>(body_, kept);
  }
  if (!recall_ || recall_->step()) return recall_ != nullptr;
  recall_.reset();
  return false;
}

Upkeep::~Upkeep() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool Upkeep::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stop_; });
}

Result<bool> Upkeep::step() {
  if (!salvage_) {
    const auto kept = kept_to_salvage(body_.options.dir);
    {
      const std::lock_guard lock(body_.mutex);
      body_.salvaging = kept.empty() ? std::string() : kept.front().string();
    }
    if (!kept.empty() && recall(kept.front().string())) return true;
    if (!kept.empty()) salvage_ = std::make_unique<Salvage>(body_, kept.front());
  }
  if (!salvage_) return inspection_.step();
  const auto more = salvage_->step();
  if (!more || !*more) salvage_.reset();  // opened again, or the next one
  if (!more) return more;
  return true;
}

void Upkeep::run() {
  for (bool more = true; more;) {
    const auto begin = Time::now();
    const auto done = step();
    more = !done || *done;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Time::now() - begin);
    const auto rest = done ? std::clamp(took, std::chrono::milliseconds(1), std::chrono::milliseconds(200)) : kRetry;
    if (more && !pause(rest)) return;
  }
}

}  // namespace edge
