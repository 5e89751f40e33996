#include "agent/adapters/modbus_source/tcp_connect.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace edge {
namespace {

std::string words_of(int error) { return std::generic_category().message(error); }

/// The error of a connect that has begun; 0 = connected.
int wait_for(int fd, std::chrono::milliseconds within, int wake_fd) {
  std::array<pollfd, 2> wanted{{{fd, POLLOUT, 0}, {wake_fd, POLLIN, 0}}};
  const int ready = ::poll(wanted.data(), wanted.size(), static_cast<int>(within.count()));
  if (ready < 0) return errno;
  if (ready == 0) return ETIMEDOUT;
  if (wanted[1].revents != 0) return ECANCELED;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

Result<int> connect_tcp(const std::string& host_port, std::chrono::milliseconds within, int wake_fd) {
  const auto colon = host_port.rfind(':');
  if (colon == std::string::npos) return fail(Errc::kMalformed, "\"" + host_port + "\" is no host:port");
  std::string host = host_port.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int rc = ::getaddrinfo(host.c_str(), host_port.c_str() + colon + 1, &hints, &found); rc != 0) {
    return fail(Errc::kUnavailable, host + ": " + ::gai_strerror(rc));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int fd = ::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      error = errno;
      continue;
    }
    error = ::connect(fd, each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = wait_for(fd, within, wake_fd);
    if (error == 0) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    ::close(fd);
  }
  return fail(Errc::kUnavailable, host_port + ": " + words_of(error));
}

}  // namespace edge
