#include "agent/adapters/notify/notify.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "tests/support/temp_dir.h"

namespace edge {
namespace {

/// What systemd would hear.
class Systemd : public testing::Test {
 protected:
  void SetUp() override {
    const auto path = (dir_.path() / "notify").string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ASSERT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(fd_);
  }
  std::string heard() const {
    std::array<char, 512> buffer{};
    const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    return got < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(got));
  }
  test::TempDir dir_;
  int fd_ = -1;
};

TEST_F(Systemd, HearsEveryWord) {
  notify::ready();
  if (const auto first = heard(); first != "READY=1") GTEST_SKIP() << "built without libsystemd";
  notify::watchdog();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  notify::stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
  notify::status("idle\nREADY=0");
  EXPECT_EQ(heard(), "STATUS=idle READY=0");
}

TEST(Notify, WithoutSystemdNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  notify::ready();
  notify::watchdog();
  EXPECT_EQ(notify::watchdog_interval().count(), 0);
}

}  // namespace
}  // namespace edge
