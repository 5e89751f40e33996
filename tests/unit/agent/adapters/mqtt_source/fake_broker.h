#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace edge::test {

/// A broker of one client at a time that writes down what it hears (MQTT 3.1.1, QoS 1 down to the client).
class FakeBroker {
 public:
  FakeBroker();
  ~FakeBroker();
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }

  struct Publish {
    std::string topic, payload;
    std::uint16_t id = 1;
    bool dup = false, retain = false;
  };
  void publish(const Publish& message);
  /// Drops the connection without a word.
  void cut();

  std::atomic<int> connack{0};  ///< return code; -1 = never answers
  std::atomic<int> suback{1};   ///< granted QoS; 0x80 = refused

  /// Adds to the same journal, so that orders can be compared.
  void note(const std::string& event);
  /// Waits until `event` is in the journal `times` times; false after ten seconds.
  bool wait_for(const std::string& event, int times = 1);
  /// Index of the first such event, or -1.
  int index_of(const std::string& event);

 private:
  void serve();
  void converse(int fd);
  void handle(int fd, std::uint8_t type, const std::string& body);

  int listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> journal_;
  int client_ = -1;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace edge::test
