#pragma once
#include <mqtt/async_client.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "mock_devices/mock_iot/journal.h"
#include "mock_devices/mock_iot/message.h"
#include "mock_devices/mock_iot/options.h"

namespace edge::mock {

/// Publishes over one Paho connection and knows what the broker has acknowledged.
///
/// Paho keeps unacknowledged messages in memory and the session is persistent (clean_session=false), so a broker that
/// stops and starts again gets each of them exactly as MQTT says: at QoS 1 possibly twice (the broker may have passed a
/// message on before its PUBACK was lost), at QoS 2 exactly once. Tests that count therefore publish at QoS 2: whatever
/// doubles then doubled behind the broker. Only a broker that lost its session file makes Paho give messages back; they
/// are sent again and journalled as resent. One caller thread.
class Publisher : private mqtt::iaction_listener {
 public:
  Publisher(const Options& o, Journal& journal);
  ~Publisher() override;

  /// Tries until the broker takes us or `stop` is set; Paho reconnects by itself only after the first success.
  bool connect(const std::atomic<bool>& stop);
  /// Waits for the connection and room in the window, then hands the message to Paho. False once `stop` is set.
  bool publish(SensorMessage message, const std::atomic<bool>& stop);
  /// Waits until all is acknowledged; false at the deadline.
  bool drain(std::chrono::duration<double> limit);
  void disconnect();

  std::uint64_t sent() const { return sent_; }
  std::uint64_t acked() const { return acked_; }
  std::uint64_t resent() const { return resent_; }
  bool connected() const { return connected_; }
  std::string last_error() const;

 private:
  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;
  bool hand_over(std::uint64_t n, const SensorMessage& message, const std::atomic<bool>& stop);
  bool resend_returned(const std::atomic<bool>& stop);
  mqtt::connect_options connect_options_of(const Options& o) const;
  void note_error(const std::string& text);

  Journal& journal_;
  int qos_;
  std::size_t window_;
  mqtt::async_client client_;
  mqtt::connect_options connect_options_;
  std::atomic<bool> connected_{false};
  std::atomic<std::uint64_t> sent_{0}, acked_{0}, resent_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, SensorMessage> unacked_;
  std::deque<std::uint64_t> returned_;  ///< given back by Paho, to be sent again
  std::string last_error_;
};

}  // namespace edge::mock
