#pragma once
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace edge {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

/// Nothing where the path does not fit into a socket address.
std::optional<sockaddr_un> unix_address(const std::filesystem::path& path);

/// Timeouts for both directions.
void limit_waits(int fd, std::chrono::milliseconds timeout);

/// The next line without its end; nothing at the end, after a timeout or beyond `limit` bytes. `rest` keeps what was
/// read beyond it.
std::optional<std::string> read_line(int fd, std::string& rest, std::size_t limit);

bool write_all(int fd, std::string_view text);

}  // namespace edge
