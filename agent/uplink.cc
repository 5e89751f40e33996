#include "agent/uplink.h"

#include <algorithm>
#include <array>
#include <utility>

namespace edge {
namespace {

using std::chrono::milliseconds;

/// The loop comes round at least this often: the watchdog is fed by it.
constexpr milliseconds kLongestWait{5'000};

}  // namespace

Uplink::Uplink(Parts parts, Trouble trouble) : parts_(parts), trouble_(std::move(trouble)) {
  alive_at_ = parts_.clock.mono_ms();
}

bool Uplink::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

std::string Uplink::announced() const {
  auto version = parts_.sync.announced_config_version();
  return version.empty() ? parts_.heartbeat.announced_config_version() : version;
}

milliseconds Uplink::paced(const std::function<milliseconds()>& step) const {
  const auto wait = parts_.pace ? parts_.pace() : milliseconds(0);
  return wait.count() > 0 ? wait : step();
}

/// Every part once; the shortest wait of them.
milliseconds Uplink::round() {
  const std::array<std::function<milliseconds()>, 5> steps{
      [this] { return parts_.epoch.step(); }, [this] { return parts_.policies.step(announced()); },
      [this] { return paced([this] { return parts_.sync.step(); }); }, [this] { return parts_.heartbeat.step(); },
      [this] {
        if (parts_.reconciler == nullptr) return kLongestWait;
        return paced([this] { return parts_.reconciler->step(); });
      }};
  milliseconds wait = kLongestWait;
  for (const auto& step : steps) {
    if (stopping()) return milliseconds(0);
    wait = std::min(wait, step());
    alive_at_ = parts_.clock.mono_ms();
  }
  return wait;
}

void Uplink::report() {
  const auto sync = parts_.sync.status();
  const bool well = sync.state == "idle" || sync.state == "sending";
  trouble_("sync", well ? "" : "delivery " + sync.state + ": " + sync.reason);
  // Back after an outage: perhaps with less than it had.
  if (well && !was_well_ && parts_.reconciler != nullptr) parts_.reconciler->watch_soon();
  was_well_ = well;
  const auto policy = parts_.policies.status().last_error;
  trouble_("policy", policy.empty() ? "" : "configuration not pulled: " + policy);
  const auto& epoch = parts_.epoch.last_error();
  trouble_("epoch", epoch.empty() ? "" : "no epoch granted: " + epoch);
  const std::lock_guard lock(mutex_);
  epoch_error_ = epoch;
}

void Uplink::run() {
  while (!stopping()) {
    const auto wait = round();
    report();
    std::unique_lock lock(mutex_);
    if (wait.count() > 0) wake_.wait_for(lock, wait, [this] { return stopping_ || poked_; });
    poked_ = false;
  }
  const auto state = parts_.sync.status().state;
  if ((state == "idle" || state == "sending") && parts_.delivery.totals().pending > 0) parts_.sync.step();
  const std::lock_guard lock(mutex_);
  done_ = true;
  wake_.notify_all();
}

void Uplink::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
}

bool Uplink::wait_done(milliseconds longest) {
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, longest, [this] { return done_; });
}

void Uplink::poke() {
  const std::lock_guard lock(mutex_);
  poked_ = true;
  wake_.notify_all();
}

std::string Uplink::epoch_error() const {
  const std::lock_guard lock(mutex_);
  return epoch_error_;
}

}  // namespace edge
