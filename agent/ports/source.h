#pragma once
#include <cstdint>
#include <string>
#include <string_view>

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
