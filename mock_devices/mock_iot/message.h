#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace edge::mock {

/// One MQTT message a sensor is about to send.
struct SensorMessage {
  std::string topic;
  std::string payload;
  std::string device;
  std::string behaviour;
  bool has_time = false;  ///< the payload carries its own timestamp
};

/// Where messages come from: a fleet of behaviours or a recorded series.
class MessageSource {
 public:
  virtual ~MessageSource() = default;
  /// The next message, or nothing at the end (a fleet never ends).
  virtual std::optional<SensorMessage> next() = 0;
  /// Pause the recording makes before the message next() returned last; zero where only a rate paces.
  virtual std::chrono::microseconds pause() const { return {}; }
};

}  // namespace edge::mock
