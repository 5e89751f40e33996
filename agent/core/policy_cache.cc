#include "agent/core/policy_cache.h"

#include <algorithm>
#include <utility>

namespace edge {

PolicyCache::PolicyCache(Policies& policies, Sink& sink, const Clock& clock, UseBook use, UseConfig use_config)
    : policies_(policies), sink_(sink), clock_(clock), use_(std::move(use)), use_config_(std::move(use_config)) {}

PolicyStatus PolicyCache::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

Result<void> PolicyCache::load() {
  const auto body = policies_.load_config();
  if (!body) return tl::unexpected(body.error());
  if (!*body) return {};
  return use(**body, false);
}

Result<void> PolicyCache::use(std::string_view body, bool from_server) {
  auto config = wire::parse_config(body);
  if (!config) return tl::unexpected(config.error());
  if (!config->unchanged) {
    // On disk first: after a crash the rows judged by it find their policy again. Without the disk it judges all the
    // same; the next answer is kept.
    auto saved = from_server ? policies_.save_config(body) : Result<void>();
    use_(std::make_shared<const PolicyBook>(wire::book_of(*config)));
    if (use_config_) use_config_(*config);
    const std::lock_guard lock(mutex_);
    status_.version = config->version;
    if (from_server) status_.pulled_at = clock_.utc_ms();
    return saved;
  }
  const std::lock_guard lock(mutex_);
  status_.pulled_at = clock_.utc_ms();
  return {};
}

Result<void> PolicyCache::pull() {
  const Reply reply = sink_.config(status().version);
  if (!reply.failure.empty()) return fail(Errc::kUnavailable, reply.failure);
  if (reply.http != 200) return fail(Errc::kUnavailable, "HTTP " + std::to_string(reply.http));
  return use(reply.body, true);
}

std::chrono::milliseconds PolicyCache::step(std::string_view announced) {
  const std::int64_t now = clock_.mono_ms();
  const bool is_new = !announced.empty() && announced != status().version;
  const std::int64_t due = is_new ? std::min(next_at_, earliest_at_) : next_at_;
  if (now < due) return std::chrono::milliseconds{due - now};
  const auto pulled = pull();
  {
    const std::lock_guard lock(mutex_);
    status_.last_error = pulled ? std::string() : pulled.error().detail;
  }
  // A server that announces one version and serves another is asked every half minute, not all the time.
  const std::int64_t done = clock_.mono_ms();
  earliest_at_ = done + kAgain.count();
  next_at_ = done + (pulled ? kEvery : kAgain).count();
  return std::chrono::milliseconds{next_at_ - done};
}

}  // namespace edge
