#pragma once
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// Slaves for tests, of raw bytes: they answer late, wrongly or not at all as a script says.
namespace edge::test {

struct MockRequest {
  int number = 0;       ///< of this slave, from 1
  int transaction = 0;  ///< over TCP
  int unit = 0, function = 0, first = 0, count = 0;
};

/// What goes out for one request: each part after its wait; an empty list = silence. `hang_up` then.
struct MockReply {
  std::vector<std::pair<std::chrono::milliseconds, std::string>> parts;
  bool hang_up = false;
};
using MockScript = std::function<MockReply(const MockRequest&)>;

std::string crc_bytes(const std::string& frame);
/// unit, function, byte count and `count` words of `value`.
std::string read_pdu(const MockRequest& request, std::uint16_t value);
std::string exception_pdu(const MockRequest& request, int code);
/// Whole frames.
std::string rtu_frame(const std::string& pdu);
std::string tcp_frame(int transaction, const std::string& pdu);

/// A Modbus TCP server on loopback: one connection at a time.
class TcpSlave {
 public:
  explicit TcpSlave(MockScript script);
  ~TcpSlave();
  TcpSlave(const TcpSlave&) = delete;
  TcpSlave& operator=(const TcpSlave&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void serve(int fd);

  MockScript script_;
  int listener_ = -1;
  int port_ = 0;
  int number_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// A slave at the other end of a pseudo terminal.
class RtuSlave {
 public:
  explicit RtuSlave(MockScript script);
  ~RtuSlave();
  RtuSlave(const RtuSlave&) = delete;
  RtuSlave& operator=(const RtuSlave&) = delete;
  const std::string& port() const { return port_; }
  /// The cable is pulled.
  void unplug();

 private:
  void serve();

  MockScript script_;
  int master_ = -1;
  std::string port_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace edge::test
