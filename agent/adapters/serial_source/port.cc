#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agent/adapters/serial_source/link.h"
#include "agent/adapters/serial_source/port_settings.h"

namespace edge {
namespace {

/// What a failed open() means.
Error open_error(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
      return {Errc::kNotFound, path + " is not there: is the adapter plugged in?"};
    case EACCES:
    case EPERM:
      return {Errc::kRefused, "no permission to open " + path +
                                  ": add the user of this service to group dialout and restart the service"};
    case EBUSY:
      return {Errc::kRefused, path + " is in use by another program"};
    default:
      return {Errc::kIo, "cannot open " + path + ": " + std::strerror(error)};
  }
}

/// Slaves of UNIX 98 pseudo-terminals have majors 136 to 143 (Linux, Documentation/admin-guide/devices.txt).
bool is_pseudo_terminal(int fd) {
  struct stat about {};
  return ::fstat(fd, &about) == 0 && S_ISCHR(about.st_mode) && major(about.st_rdev) >= 136 &&
         major(about.st_rdev) <= 143;
}

Result<void> set_line(int fd, const LineSettings& line, const std::function<void(std::string_view)>& warn) {
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) return fail(Errc::kRefused, "is no serial port");
  const termios wanted = raw_termios(settings, line);
  // tcsetattr() is content if it could set anything at all, so read back what there is now.
  if (::tcsetattr(fd, TCSANOW, &wanted) != 0 || ::tcgetattr(fd, &settings) != 0) {
    return fail(Errc::kIo, std::string("does not take its settings: ") + std::strerror(errno));
  }
  if (!has_speed_and_mode(settings, wanted)) return fail(Errc::kRefused, "does not take " + to_text(line));
  if (has_form(settings, wanted)) return {};
  if (!is_pseudo_terminal(fd))
    return fail(Errc::kRefused, "does not take " + to_text(line) + " (data bits, parity, stop bits)");
  warn("is a pseudo-terminal: " + to_text(line) + " is read as 8N1");
  return {};
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> open_port(const std::string& path, const LineSettings& line,
                             const std::function<void(std::string_view)>& warn) {
  // Read-only: nothing of ours can ever send a command to an indicator.
  Descriptor port(::open(path.c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!port) return tl::unexpected(open_error(path, errno));
  if (::isatty(port.fd()) == 0) return fail(Errc::kRefused, path + " is no serial port");
  if (::ioctl(port.fd(), TIOCEXCL) != 0) return tl::unexpected(open_error(path, errno));
  const auto set = set_line(port.fd(), line, [&](std::string_view text) { warn(path + " " + std::string(text)); });
  if (!set) return fail(set.error().code, path + " " + set.error().detail);
  ::tcflush(port.fd(), TCIFLUSH);
  return port;
}

}  // namespace edge
