#include "agent/core/epoch_keeper.h"

#include <utility>

#include "protocols/wire/answers.h"
#include "protocols/wire/gateway.h"

namespace edge {

EpochKeeper::EpochKeeper(State& state, Sink& sink, const Clock& clock, std::string gateway, std::uint64_t seed)
    : state_(state),
      sink_(sink),
      clock_(clock),
      gateway_(std::move(gateway)),
      backoff_(std::chrono::milliseconds{5'000}, std::chrono::milliseconds{300'000}, seed) {}

Result<void> EpochKeeper::ask(const StoreIdentity& identity) {
  const wire::NewEpoch request{gateway_, identity.instance, identity.reason, identity.last_epoch, identity.epoch};
  const Reply reply = sink_.new_epoch(wire::encode_new_epoch(request));
  if (reply.http != 200 || !reply.failure.empty()) {
    return fail(Errc::kUnavailable,
                "no epoch: " + (reply.failure.empty() ? "HTTP " + std::to_string(reply.http) : reply.failure));
  }
  const auto epoch = wire::parse_new_epoch_answer(reply.body);
  if (!epoch) return tl::unexpected(epoch.error());
  return state_.grant_epoch(*epoch);
}

std::chrono::milliseconds EpochKeeper::step() {
  const std::int64_t now = clock_.mono_ms();
  if (now < next_at_) return std::chrono::milliseconds{next_at_ - now};
  const StoreIdentity identity = state_.identity();
  std::chrono::milliseconds wait = kLook;
  last_error_.clear();
  const auto granted = identity.provisional ? ask(identity) : Result<void>();
  if (granted) {
    backoff_.reset();
  } else {
    last_error_ = granted.error().detail;
    wait = backoff_.next();
  }
  next_at_ = clock_.mono_ms() + wait.count();
  return wait;
}

}  // namespace edge
