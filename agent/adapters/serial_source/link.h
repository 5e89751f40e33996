#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/core/line_settings.h"
#include "protocols/result.h"

namespace edge {

/// A file descriptor, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// The port, read-only, exclusive (TIOCEXCL), raw and non-blocking, with the line settings read back. Bytes with a
/// parity error and breaks arrive as NUL, so that no decoder takes them. What waited in the port is thrown away: its
/// age is unknown. A pseudo-terminal knows neither parity nor 7 bits: `warn` is called and it is used as it is.
/// Errors: kNotFound (unplugged), kRefused (permission, in use, settings), kIo; all in words for a technician.
Result<Descriptor> open_port(const std::string& path, const LineSettings& line,
                             const std::function<void(std::string_view)>& warn);

/// A connection to "host:port" or "[v6]:port", non-blocking, with keepalive (a dead peer is noticed within half a
/// minute). Gives up after `deadline` or as soon as `stop_fd` is readable. Errors: kMalformed (address), kNotFound
/// (name), kUnavailable.
Result<Descriptor> connect_tcp(std::string_view address, std::chrono::milliseconds deadline, int stop_fd);

}  // namespace edge
