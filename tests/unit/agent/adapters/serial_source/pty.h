#pragma once
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace edge::test {

/// A serial adapter of a test: a pseudo-terminal under a link of its own, as udev makes them in /dev/serial/by-id.
/// Its end is an unplug.
class Pty {
 public:
  explicit Pty(std::filesystem::path link) : link_(std::move(link)), master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) throw std::runtime_error("no pty");
    std::filesystem::create_symlink(::ptsname(master_), link_);
  }
  ~Pty() {
    std::error_code ignored;
    std::filesystem::remove(link_, ignored);
    ::close(master_);
  }
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;

  void write(std::string_view bytes) const {
    if (::write(master_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error("pty full");
    }
  }
  /// The settings of the other end.
  termios settings() const {
    termios found{};
    ::tcgetattr(master_, &found);
    return found;
  }

 private:
  const std::filesystem::path link_;
  const int master_;
};

}  // namespace edge::test
