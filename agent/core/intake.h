#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/ports/clock.h"
#include "agent/ports/journal.h"
#include "agent/ports/source.h"
#include "agent/ports/store.h"

namespace edge {

/// Stands before the store: a message is acknowledged once the journal has it, and committed with those that came within
/// a few ms, in their order. One commit for each costs three times as much, on the thread that also reads the socket.
///
/// Nobody is told of a message while an older one waits longer than `limit` for its commit: together with the store's
/// own limit a power cut takes the last 200 ms at most. What the journal cannot take is committed before it is
/// acknowledged, as without a journal.
class Intake : public MessageSink {
 public:
  struct Times {
    std::chrono::milliseconds gather{4}, limit{20};
  };
  struct Parts {
    Journal& journal;
    const Outbox& outbox;
    MessageSink& direct;
    MessageGroupSink& group;
    const Clock& clock;
    bool gathers = true;  ///< false: the journal's rest is taken, new messages go past it
  };
  /// A group that could not be stored: nothing is acknowledged any more, and the journal has what was.
  using Fatal = std::function<void(const Error&)>;
  /// Of a journal that fails; empty = it works again.
  using Trouble = std::function<void(std::string_view)>;

  static constexpr std::size_t kGroup = 256;           ///< messages that wait no longer
  static constexpr std::size_t kLargest = 32'768;      ///< bytes of a message; larger ones go past the journal

  Intake(const Parts& parts, Fatal fatal, Trouble trouble, Times times);
  Intake(const Parts& parts, Fatal fatal, Trouble trouble)
      : Intake(parts, std::move(fatal), std::move(trouble), Times{}) {}
  ~Intake();

  /// What the journal has from before goes first, as soon as the store accepts. `redelivered`: the store may have some of
  /// it all the same (its own note of that was lost), so each is looked up as a DUP is.
  void start(bool redelivered);
  /// Before the sources stop: none of them waits any more.
  void release();
  /// After them: commits what waits.
  void stop();

  Result<void> accept(const InboundMessage& message) override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  void run();
  bool take_left(Lock& lock);
  bool commit(Lock& lock, std::vector<ArrivedMessage>& group);
  bool is_open() const;
  Result<void> accept_directly(Lock& lock, const InboundMessage& message);

  Parts parts_;
  Fatal fatal_;
  Trouble trouble_;
  Times times_;
  std::mutex mutex_;
  std::condition_variable work_, room_;
  std::vector<ArrivedMessage> left_, queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<std::int64_t> oldest_, in_hand_;  ///< mono ms since when the first of the queue, of the group waits
  std::optional<Error> failed_;
  bool released_ = false, stop_ = false, in_trouble_ = false;
  std::thread thread_;
};

}  // namespace edge
