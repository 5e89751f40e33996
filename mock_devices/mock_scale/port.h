#pragma once
#include <poll.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edge::mock {

/// A place others connect to: a pseudo terminal under a stable link, or a TCP port. Its peers have numbers that are
/// never used again, so nothing meant for one that left reaches the next. Errors: std::runtime_error.
class Port {
 public:
  virtual ~Port() = default;

  virtual void plug() = 0;
  /// As pulling the cable: link or listener are gone and so are all peers.
  virtual void unplug() = 0;
  /// The link, or host:port with the port that was chosen.
  virtual std::string place() const = 0;

  /// Adds what to poll for reading.
  virtual void watch(std::vector<pollfd>& fds) const = 0;
  /// Bytes of a peer; empty bytes: it left. Nothing: not this port's fd, or nothing to say.
  struct Read {
    int peer = 0;
    std::string bytes;
  };
  virtual std::optional<Read> read(const pollfd& ready) = 0;

  /// Those who are there now. A pseudo terminal nobody has open has none: what is sent then is lost, as on a wire.
  virtual std::vector<int> peers() const = 0;
  /// False: not there, or the line is full. Never blocks.
  bool write(int peer, std::string_view bytes) const;

 protected:
  virtual std::optional<int> fd_of(int peer) const = 0;
};

std::unique_ptr<Port> make_pty_port(std::string link);
/// "127.0.0.1:0" = any free port.
std::unique_ptr<Port> make_tcp_port(const std::string& address);

}  // namespace edge::mock
