#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "mock_devices/mock_scale/port.h"

namespace edge::mock {
namespace {

class PtyPort final : public Port {
 public:
  explicit PtyPort(std::string link) : link_(std::move(link)) {}
  PtyPort(const PtyPort&) = delete;
  PtyPort& operator=(const PtyPort&) = delete;
  ~PtyPort() override { unplug(); }

  void plug() override {
    if (master_ >= 0) {
      return;
    }
    master_ = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    std::array<char, 128> name{};
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0 ||
        ptsname_r(master_, name.data(), name.size()) != 0) {
      throw std::runtime_error(std::string("no pseudo terminal: ") + std::strerror(errno));
    }
    make_raw(name.data());
    ++peer_;
    // A link that appears at once, whatever stood there before.
    const std::filesystem::path fresh = link_ + ".new";
    std::filesystem::remove(fresh);
    std::filesystem::create_symlink(name.data(), fresh);
    std::filesystem::rename(fresh, link_);
  }

  void unplug() override {
    if (master_ >= 0) {
      std::error_code gone_already;
      std::filesystem::remove(link_, gone_already);
      close(std::exchange(master_, -1));
    }
  }

  std::string place() const override { return link_; }

  void watch(std::vector<pollfd>& fds) const override {
    // A terminal nobody has open reports its hang-up for ever: it is looked at again on the next round.
    if (open_elsewhere()) {
      fds.push_back({master_, POLLIN, 0});
    }
  }

  std::optional<Read> read(const pollfd& ready) override {
    if (ready.fd != master_ || (ready.revents & POLLIN) == 0) {
      return std::nullopt;
    }
    std::array<char, 1024> buffer{};
    const ssize_t got = ::read(master_, buffer.data(), buffer.size());
    if (got <= 0) {
      return std::nullopt;
    }
    return Read{peer_, std::string(buffer.data(), static_cast<std::size_t>(got))};
  }

  std::vector<int> peers() const override { return open_elsewhere() ? std::vector<int>{peer_} : std::vector<int>{}; }

 private:
  std::optional<int> fd_of(int peer) const override {
    return peer == peer_ && open_elsewhere() ? std::optional<int>(master_) : std::nullopt;
  }

  bool open_elsewhere() const {
    pollfd state{master_, POLLIN, 0};
    return master_ >= 0 && poll(&state, 1, 0) >= 0 && (state.revents & POLLHUP) == 0;
  }

  /// Else the terminal would echo, and turn CR into LF, until somebody sets it. Closing it also begins the hang-up.
  static void make_raw(const char* name) {
    const int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios settings{};
    if (slave < 0 || tcgetattr(slave, &settings) != 0) {
      throw std::runtime_error(std::string(name) + ": " + std::strerror(errno));
    }
    cfmakeraw(&settings);
    tcsetattr(slave, TCSANOW, &settings);
    close(slave);
  }

  std::string link_;
  int master_ = -1;
  int peer_ = 0;
};

}  // namespace

std::unique_ptr<Port> make_pty_port(std::string link) { return std::make_unique<PtyPort>(std::move(link)); }

}  // namespace edge::mock
