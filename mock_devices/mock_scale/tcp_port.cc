#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "mock_devices/mock_scale/port.h"

namespace edge::mock {
namespace {

sockaddr_in address_of(const std::string& text) {
  const auto colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + (colon == std::string::npos ? text.size() : colon + 1), end, port);
  if (read.ec != std::errc() || read.ptr != end ||
      inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    throw std::runtime_error("\"" + text + "\" is not address:port, as in 127.0.0.1:502");
  }
  address.sin_port = htons(port);
  return address;
}

class TcpPort final : public Port {
 public:
  explicit TcpPort(const std::string& address) : address_(address_of(address)) {}
  TcpPort(const TcpPort&) = delete;
  TcpPort& operator=(const TcpPort&) = delete;
  ~TcpPort() override { unplug(); }

  void plug() override {
    if (listener_ >= 0) {
      return;
    }
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = sizeof address_;
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    // The port that was chosen is kept: the place is the same after an unplug.
    if (bind(listener_, address, size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, address, &size) != 0) {
      throw std::runtime_error("cannot listen on " + place() + ": " + std::strerror(errno));
    }
  }

  void unplug() override {
    if (listener_ >= 0) {
      close(std::exchange(listener_, -1));
    }
    for (const auto& [peer, fd] : peers_) {
      close(fd);
    }
    peers_.clear();
  }

  std::string place() const override {
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &address_.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(address_.sin_port));
  }

  void watch(std::vector<pollfd>& fds) const override {
    if (listener_ >= 0) {
      fds.push_back({listener_, POLLIN, 0});
    }
    for (const auto& [peer, fd] : peers_) {
      fds.push_back({fd, POLLIN, 0});
    }
  }

  std::optional<Read> read(const pollfd& ready) override {
    if (ready.revents == 0) {
      return std::nullopt;
    }
    if (ready.fd == listener_) {
      accept_peer();
      return std::nullopt;
    }
    for (auto found = peers_.begin(); found != peers_.end(); ++found) {
      if (found->second == ready.fd) {
        return read_peer(found);
      }
    }
    return std::nullopt;
  }

  std::vector<int> peers() const override {
    std::vector<int> numbers;
    for (const auto& [peer, fd] : peers_) {
      numbers.push_back(peer);
    }
    return numbers;
  }

 private:
  std::optional<int> fd_of(int peer) const override {
    const auto found = peers_.find(peer);
    return found == peers_.end() ? std::nullopt : std::optional<int>(found->second);
  }

  void accept_peer() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      peers_[++last_peer_] = fd;
    }
  }

  std::optional<Read> read_peer(std::map<int, int>::iterator from) {
    std::array<char, 1024> buffer{};
    const ssize_t got = recv(from->second, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      return std::nullopt;
    }
    Read read{from->first, got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : ""};
    if (got <= 0) {
      close(from->second);
      peers_.erase(from);
    }
    return read;
  }

  sockaddr_in address_;
  int listener_ = -1;
  std::map<int, int> peers_;  ///< number → fd
  int last_peer_ = 0;
};

}  // namespace

std::unique_ptr<Port> make_tcp_port(const std::string& address) { return std::make_unique<TcpPort>(address); }

}  // namespace edge::mock
