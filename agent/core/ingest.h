#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/strangers.h"
#include "agent/core/topic_rules.h"
#include "agent/core/uid_window.h"
#include "agent/ports/clock.h"
#include "agent/ports/field.h"
#include "agent/ports/source.h"
#include "agent/ports/store.h"
#include "protocols/record/policy.h"
#include "protocols/record/reading.h"

namespace edge {

/// From a message to committed rows: match the topic, decode, convert, judge, give an identity, commit.
///
/// accept() returns after the commit; a payload that cannot be decoded is committed too (Invalid, raw kept). A
/// message known already is counted as duplicate. accept_poll() does the same with readings a source asked for: they
/// have no time and no identity of their own, and `raw` is "hex:" and the answer. accept_group() takes messages that a
/// journal keeps, and commits with them how far it got. Safe from any thread; one call at a time. set_rules() and
/// set_book() never wait for a commit.
class Ingest : public MessageSink, public MessageGroupSink, public PollSink {
 public:
  Ingest(Outbox& outbox, const Clock& clock, IngestRules rules);

  /// Fills the window of latest uids from the store; before the first message.
  Result<void> warm();
  Result<void> accept(const InboundMessage& message) override;
  Result<void> accept_group(std::span<const ArrivedMessage> messages) override;
  /// Errors: kMalformed for an answer without readings; those of the store.
  Result<void> accept_poll(const PolledAnswer& answer) override;

  void set_rules(IngestRules rules);
  void set_book(std::shared_ptr<const PolicyBook> book);

 private:
  struct Arrival;
  struct Group;
  struct Judges {
    std::shared_ptr<const IngestRules> rules;
    std::shared_ptr<const PolicyBook> book;
  };
  ArrivalTime now() const;
  Judges judges() const;
  void remember(const RecentUid& row);
  /// Of a damaged store's rows, those found since the last message: what it acknowledged is not taken twice.
  void learn();
  Result<void> take(const InboundMessage& message, const ArrivalTime& at, const Judges& judges, Group& group);
  Result<void> take_poll(const PolledAnswer& answer);
  Result<void> add(Arrival& arrival, std::vector<Reading> readings, bool decoded, Group& group);
  Result<void> commit(Group& group);
  Result<void> append(Group& group);
  Observation observe(const Arrival& arrival, Reading& reading) const;
  bool is_known(const Arrival& arrival, const Observation& observation);

  Outbox& outbox_;
  const Clock& clock_;
  mutable std::mutex swap_mutex_;  ///< guards the two pointers only
  std::shared_ptr<const IngestRules> rules_;
  std::shared_ptr<const PolicyBook> book_;
  std::mutex mutex_;  ///< one message at a time
  std::uint64_t position_ = 0;  ///< in the journal, of what the store has
  UidWindow window_;
  Strangers strangers_;
};

}  // namespace edge
