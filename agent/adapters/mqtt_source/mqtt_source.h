#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/clock.h"
#include "agent/ports/source.h"

namespace edge {

struct MqttSourceSettings {
  std::string url;  ///< "mqtts://host:8883"; "mqtt://" only on loopback (config.h sees to it)
  std::string client_id, username, password;
  std::filesystem::path ca_file, client_cert, client_key;
  std::chrono::seconds keepalive{60};
  std::vector<std::string> subscriptions;
  std::chrono::milliseconds first_backoff{1'000};
  std::chrono::milliseconds longest_backoff{60'000};
};

/// MQTT 3.1.1 with a persistent session, QoS 1, nothing kept on the client's side.
///
/// Durable before acknowledged: Paho sends the PUBACK when the message callback returns, so the callback calls
/// accept() and returns after the commit; where that fails `fatal` ends the process without a PUBACK and the broker
/// sends the message again. One own thread connects, subscribes and pauses; Paho's automatic reconnect is off (it
/// covers the first connect too in 1.3.12, so beside an own loop there would be two connects at once).
///
/// stop(), pause() and status() are safe from any thread but Paho's; status() never waits for Paho.
class MqttSource final : public Source {
 public:
  using Fatal = std::function<void(const Error&)>;
  using Log = std::function<void(std::string_view line)>;

  /// `fatal` must not return; `log` is called from any thread. Throws (std::runtime_error) for an address that Paho
  /// cannot use.
  MqttSource(MqttSourceSettings settings, MessageSink& sink, const Clock& clock, Fatal fatal, Log log);
  ~MqttSource() override;

  void start() override;
  void stop() override;
  void pause(bool paused) override;
  SourceStatus status() const override;

  /// Other topics: the new ones are subscribed, those no longer wanted unsubscribed. Returns at once.
  void resubscribe(std::vector<std::string> subscriptions);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace edge
