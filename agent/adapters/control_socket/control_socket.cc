#include "agent/adapters/control_socket/control_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "agent/adapters/control_socket/stream.h"

namespace edge {
namespace {

constexpr mode_t kSocketMode = 0660;
constexpr int kBacklog = 8;
constexpr auto kPatience = std::chrono::seconds(2);

Descriptor new_socket() { return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

int connect_to(int fd, const sockaddr_un& address) {
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

tl::unexpected<Error> io_error(const std::string& what) {
  return fail(Errc::kIo, what + ": " + std::system_category().message(errno));
}

}  // namespace

struct ControlSocket::Body {
  Handler handler;
  std::filesystem::path path;
  Descriptor listener, wake;
  std::thread thread;
  std::mutex mutex;
  std::condition_variable room;
  std::size_t served = 0;  ///< clients that have a thread now

  /// False once stop() was called.
  bool wait_readable(int fd) const {
    std::array<pollfd, 2> fds{{{fd, POLLIN, 0}, {wake.get(), POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(std::chrono::milliseconds(kPatience).count()));
    return ready > 0 && (fds[1].revents & POLLIN) == 0;
  }
  bool stopped() const {
    pollfd fd{wake.get(), POLLIN, 0};
    return ::poll(&fd, 1, 0) > 0;
  }

  void serve(int client) const {
    limit_waits(client, kPatience);
    std::string rest;
    while (rest.find('\n') != std::string::npos || wait_readable(client)) {
      const auto line = read_line(client, rest, kRequestLimit);
      if (!line) return;
      if (!write_all(client, handler(*line) + "\n")) return;
    }
  }

  void run() {
    while (!stopped()) {
      if (!wait_readable(listener.get())) continue;
      Descriptor client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.valid()) continue;
      std::unique_lock lock(mutex);
      room.wait(lock, [this] { return served < kClients; });
      ++served;
      std::thread([this, mine = std::move(client)] {
        serve(mine.get());
        const std::lock_guard done(mutex);
        --served;
        room.notify_all();  // under the lock: stop() may destroy the body once it has it
      }).detach();
    }
    std::unique_lock lock(mutex);
    room.wait(lock, [this] { return served == 0; });
  }
};

ControlSocket::ControlSocket(Handler handler) : body_(std::make_unique<Body>()) { body_->handler = std::move(handler); }

ControlSocket::~ControlSocket() { stop(); }

Result<void> ControlSocket::start(const std::filesystem::path& path) {
  const auto address = unix_address(path);
  if (!address) return fail(Errc::kTooLarge, path.string() + " is too long for a socket");
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  if (const auto probe = new_socket(); connect_to(probe.get(), *address) == 0) {
    return fail(Errc::kRefused, "another edge-agent answers on " + path.string());
  }
  if (std::filesystem::is_socket(path, ignored)) std::filesystem::remove(path, ignored);
  body_->wake = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  body_->listener = new_socket();
  const int fd = body_->listener.get();
  // The mode is set before bind() makes the file: it never exists with a wider one.
  const mode_t before = ::umask(0777 & ~kSocketMode);
  const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  ::umask(before);
  if (bound != 0) return io_error("control socket " + path.string());
  body_->path = path;
  if (::listen(fd, kBacklog) != 0) return io_error("control socket " + path.string());
  body_->thread = std::thread([body = body_.get()] { body->run(); });
  return {};
}

void ControlSocket::stop() {
  if (!body_->thread.joinable()) return;
  const std::uint64_t one = 1;
  (void)!::write(body_->wake.get(), &one, sizeof one);
  body_->thread.join();
  body_->listener.reset();
  std::error_code ignored;
  std::filesystem::remove(body_->path, ignored);
}

Result<std::string> ask_control_socket(const std::filesystem::path& path, std::string_view request,
                                       std::chrono::milliseconds timeout) {
  const auto address = unix_address(path);
  if (!address) return fail(Errc::kTooLarge, path.string() + " is too long for a socket");
  const auto socket = new_socket();
  limit_waits(socket.get(), timeout);
  if (connect_to(socket.get(), *address) != 0) {
    const int why = errno;
    const auto text = path.string() + ": " + std::system_category().message(why);
    return fail(why == ENOENT || why == ECONNREFUSED ? Errc::kUnavailable : Errc::kRefused, text);
  }
  if (!write_all(socket.get(), std::string(request) + "\n")) return io_error("control socket " + path.string());
  std::string rest;
  auto line = read_line(socket.get(), rest, 64U << 20);
  if (!line) return fail(Errc::kIo, "the agent did not answer on " + path.string());
  return *std::move(line);
}

}  // namespace edge
