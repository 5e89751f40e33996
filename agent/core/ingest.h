#pragma once
#include <memory>
#include <mutex>

#include "agent/core/topic_rules.h"
#include "agent/core/uid_window.h"
#include "agent/ports/clock.h"
#include "agent/ports/source.h"
#include "agent/ports/store.h"
#include "protocols/record/policy.h"

namespace edge {

/// From a message to committed rows: match the topic, decode, convert, judge, give an identity, commit.
///
/// accept() returns after the commit; a payload that cannot be decoded is committed too (Invalid, raw kept). A
/// message known already is counted as duplicate. Safe from any thread; one message at a time.
class Ingest : public MessageSink {
 public:
  Ingest(Outbox& outbox, const Clock& clock, IngestRules rules);

  /// Fills the window of latest uids from the store; before the first message.
  Result<void> warm();
  Result<void> accept(const InboundMessage& message) override;

  void set_rules(IngestRules rules);
  void set_book(std::shared_ptr<const PolicyBook> book);

 private:
  Outbox& outbox_;
  const Clock& clock_;
  std::mutex mutex_;
  IngestRules rules_;
  std::shared_ptr<const PolicyBook> book_;
  UidWindow window_;
};

}  // namespace edge
