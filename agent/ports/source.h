#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protocols/record/observation.h"
#include "protocols/result.h"

namespace edge {

/// One message as a broker delivered it; views live until accept() returns.
struct InboundMessage {
  std::string_view topic;
  std::string_view payload;
  std::uint16_t packet_id = 0;  ///< 0 at QoS 0
  bool retained = false;
  bool duplicate = false;  ///< DUP: the broker sent it before
  std::uint32_t connection = 1;  ///< which of the source's connections brought it, ascending
};

/// Takes messages and makes them durable.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  /// Returns only when the message is committed (or counted as ignored). An error means it is not on disk: the
  /// caller must not acknowledge it. Never throws.
  virtual Result<void> accept(const InboundMessage& message) = 0;
};

/// When something came in, by every clock there is.
struct ArrivalTime {
  std::int64_t utc_ms = 0, mono_ms = 0;
  ClockState clock = ClockState::kSynced;
  std::string boot;  ///< Clock::boot_id()
};

/// A message that is kept (ports/journal.h) until it is committed.
struct ArrivedMessage {
  std::string topic, payload;
  std::uint16_t packet_id = 0;
  bool retained = false, duplicate = false;
  std::uint32_t connection = 1;
  ArrivalTime at;
  std::uint64_t number = 0;  ///< in the journal: ascending, from 1

  InboundMessage inbound() const { return {topic, payload, packet_id, retained, duplicate, connection}; }
};

class MessageGroupSink {
 public:
  virtual ~MessageGroupSink() = default;
  /// Takes them in their order; returns when all of them are committed, and with them the number of the last
  /// (journal_position() of ports/journal.h). After an error some of the first may be. Never throws.
  virtual Result<void> accept_group(std::span<const ArrivedMessage> messages) = 0;
};

/// What a source says of itself, for health, status and heartbeat.
struct SourceStatus {
  std::string name;
  std::string state;       ///< "up" "down" "paused"
  std::int64_t since = 0;  ///< UTC ms
  std::string error;       ///< why it is down; empty = none
};

/// Something that brings readings in on its own threads.
class Source {
 public:
  virtual ~Source() = default;
  virtual void start() = 0;
  /// Returns once no callback runs any more.
  virtual void stop() = 0;
  /// Back-pressure: a paused source takes nothing and keeps its session.
  virtual void pause(bool paused) = 0;
  virtual SourceStatus status() const = 0;
};

}  // namespace edge
