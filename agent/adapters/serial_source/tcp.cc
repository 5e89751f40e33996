#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "agent/adapters/serial_source/link.h"
#include "protocols/bytes.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Endpoint {
  std::string host, port;
};

Result<Endpoint> parse_address(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return fail(Errc::kMalformed, "\"" + for_log(address) + "\" is not host:port");
  auto host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = address.substr(colon + 1);
  if (host.empty() || port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos) {
    return fail(Errc::kMalformed, "\"" + for_log(address) + "\" is not host:port");
  }
  return Endpoint{std::string(host), std::string(port)};
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// One look-up; getaddrinfo() may block for long and cannot be cut short, so it has a thread of its own that may
/// outlive the one who asked.
struct Lookup {
  Endpoint endpoint;
  Descriptor done{::eventfd(0, EFD_CLOEXEC)};
  std::atomic<bool> answered{false};
  Addresses found;
  int error = 0;

  void run(int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | flags;
    addrinfo* list = nullptr;
    error = ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &list);
    if (error == 0) found.reset(list);
  }
};

int left_ms(steady_clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

enum class Waited { kReady, kStopped, kTooLong };

/// Until `fd` has `events`, or `stop_fd` is readable.
Waited wait_for(int fd, short events, int stop_fd, steady_clock::time_point until) {
  std::array<pollfd, 2> polled{{{fd, events, 0}, {stop_fd, POLLIN, 0}}};
  int ready = 0;
  do {
    ready = ::poll(polled.data(), polled.size(), left_ms(until));
  } while (ready < 0 && errno == EINTR);
  if (polled[1].revents != 0) return Waited::kStopped;
  return ready > 0 ? Waited::kReady : Waited::kTooLong;
}

Result<Addresses> look_up(const Endpoint& endpoint, int stop_fd, steady_clock::time_point until) {
  const auto lookup = std::make_shared<Lookup>();
  lookup->endpoint = endpoint;
  lookup->run(AI_NUMERICHOST);
  if (lookup->error == EAI_NONAME) {
    std::thread([lookup] {
      lookup->run(0);
      lookup->answered = true;
      const std::uint64_t one = 1;
      (void)!::write(lookup->done.fd(), &one, sizeof one);
    }).detach();
    const auto waited = wait_for(lookup->done.fd(), POLLIN, stop_fd, until);
    if (waited == Waited::kStopped) return fail(Errc::kUnavailable, "stopped");
    if (!lookup->answered) return fail(Errc::kUnavailable, "the name " + endpoint.host + " is not answered (DNS)");
  }
  if (lookup->error != 0) {
    return fail(Errc::kNotFound, "no address of " + for_log(endpoint.host) + ": " + ::gai_strerror(lookup->error));
  }
  return std::move(lookup->found);
}

/// A serial server that lost its power says nothing: probes after 10 s of silence, three of them 5 s apart.
void keep_alive(int fd) {
  const auto set = [fd](int level, int name, int value) { (void)::setsockopt(fd, level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

/// Errors: the errno of a connect that failed, ETIMEDOUT, ECANCELED.
tl::expected<Descriptor, int> connect_one(const addrinfo& to, int stop_fd, steady_clock::time_point until) {
  Descriptor link(::socket(to.ai_family, to.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to.ai_protocol));
  if (!link) return tl::unexpected(errno);
  keep_alive(link.fd());
  if (::connect(link.fd(), to.ai_addr, to.ai_addrlen) == 0) return link;
  if (errno != EINPROGRESS) return tl::unexpected(errno);
  const auto waited = wait_for(link.fd(), POLLOUT, stop_fd, until);
  if (waited != Waited::kReady) return tl::unexpected(waited == Waited::kStopped ? ECANCELED : ETIMEDOUT);
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(link.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return tl::unexpected(error);
  return link;
}

std::string connect_words(int error) {
  switch (error) {
    case ECONNREFUSED:
      return "refuses the connection: is its TCP server on, and the port right?";
    case ETIMEDOUT:
      return "does not answer: is it on and in this network?";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "cannot be reached: check the network";
    default:
      return std::strerror(error);
  }
}

}  // namespace

Result<Descriptor> connect_tcp(std::string_view address, milliseconds deadline, int stop_fd) {
  const auto until = steady_clock::now() + deadline;
  const auto endpoint = parse_address(address);
  if (!endpoint) return tl::unexpected(endpoint.error());
  const auto addresses = look_up(*endpoint, stop_fd, until);
  if (!addresses) return tl::unexpected(addresses.error());
  int error = EHOSTUNREACH;
  for (const addrinfo* to = addresses->get(); to != nullptr && error != ECANCELED; to = to->ai_next) {
    auto link = connect_one(*to, stop_fd, until);
    if (link) return *std::move(link);
    error = link.error();
  }
  return fail(Errc::kUnavailable, std::string(address) + " " + connect_words(error));
}

}  // namespace edge
