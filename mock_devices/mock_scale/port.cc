#include "mock_devices/mock_scale/port.h"

#include <unistd.h>

namespace edge::mock {

bool Port::write(int peer, std::string_view bytes) const {
  const auto fd = fd_of(peer);
  return fd && ::write(*fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

}  // namespace edge::mock
