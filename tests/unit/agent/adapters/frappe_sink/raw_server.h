#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace edge::test {

/// A TCP server of bytes: `script` is called with each accepted connection, one after the other.
class RawServer {
 public:
  using Script = std::function<void(int fd, int connection)>;

  explicit RawServer(Script script, int connections) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    (void)::listen(listener_, 8);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, script = std::move(script), connections] {
      for (int n = 0; n < connections; ++n) {
        const int fd = ::accept(listener_, nullptr, nullptr);
        if (fd < 0) return;
        script(fd, n);
        ::close(fd);
      }
    });
  }
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

  /// Reads until a blank line and the body it announces came; false when the peer is gone.
  static bool read_request(int fd) {
    std::string all;
    std::array<char, 4096> buffer{};
    while (true) {
      const auto head = all.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto at = all.find("Content-Length: ");
        const std::size_t length = at == std::string::npos || at > head ? 0 : std::stoul(all.substr(at + 16));
        if (all.size() >= head + 4 + length) return true;
      }
      const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) return false;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  static void write(int fd, const std::string& text) { (void)::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

 private:
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace edge::test
