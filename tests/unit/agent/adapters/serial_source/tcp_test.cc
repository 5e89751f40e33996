#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <vector>

#include "agent/adapters/serial_source/serial_source.h"
#include "protocols/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/agent/adapters/serial_source/journal.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const std::string kLine = "ST,GS,   38440,kg\r\n";

/// A serial server of a test: one connection at a time.
class SerialServer {
 public:
  explicit SerialServer(int backlog = 4) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    (void)::listen(listener_, backlog);
    socklen_t size = sizeof address_;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
  }
  ~SerialServer() {
    hang_up();
    for (const int fd : fillers_) ::close(fd);
    ::close(listener_);
  }
  SerialServer(const SerialServer&) = delete;
  SerialServer& operator=(const SerialServer&) = delete;

  int port() const { return ntohs(address_.sin_port); }
  void accept() { link_ = ::accept(listener_, nullptr, nullptr); }
  void write(std::string_view bytes) const { (void)::send(link_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void hang_up() {
    if (link_ >= 0) ::close(link_);
    link_ = -1;
  }
  /// From now on a connect is not answered any more: the queue is full.
  void fill_up() {
    for (int n = 0; n < 4; ++n) {
      fillers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)::connect(fillers_.back(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    }
  }

 private:
  const int listener_;
  sockaddr_in address_{};
  int link_ = -1;
  std::vector<int> fillers_;
};

class SerialTcp : public testing::Test {
 protected:
  void start(const std::string& address, milliseconds connect_most = milliseconds(5'000)) {
    SerialSourceSettings settings;
    settings.scale = "ws1";
    settings.profile = "dini";
    settings.tcp = address;
    settings.retry_most = milliseconds(20);
    settings.connect_most = connect_most;
    source_.emplace(settings, journal_, clock_, journal_.tap(), journal_.log());
    source_->start();
  }
  static std::string at(int port) { return "127.0.0.1:" + std::to_string(port); }
  test::FakeClock clock_;
  test::Journal journal_;
  std::optional<SerialSource> source_;
};

TEST_F(SerialTcp, FramesBecomeSamples) {
  SerialServer server;
  start(at(server.port()));
  server.accept();
  server.write(kLine.substr(0, 7));
  server.write(kLine.substr(7));
  ASSERT_TRUE(journal_.wait_for("sample ws1 38440 kg, gross, stable")) << journal_.all();
  EXPECT_TRUE(test::becomes(*source_, "up"));
  EXPECT_EQ(journal_.count("trouble"), 0U);
}

TEST_F(SerialTcp, ConnectsAgainAfterALoss) {
  SerialServer server;
  start(at(server.port()));
  server.accept();
  server.write(kLine + "ST,GS,");
  ASSERT_TRUE(test::becomes(*source_, "up"));
  server.hang_up();
  server.accept();
  ASSERT_TRUE(journal_.wait_for("half a line, then silence: \"ST,GS,\"")) << journal_.all();
  EXPECT_TRUE(journal_.wait_for("trouble ws1 [] " + at(server.port()) + " closed the connection"));
  server.write("   38420,kg\r\n" + kLine);
  ASSERT_TRUE(journal_.wait_for("sample", 2)) << journal_.all();
  EXPECT_EQ(journal_.count("sample ws1 38420"), 0U) << "halves of two connections are no frame";
}

TEST_F(SerialTcp, ANameIsLookedUp) {
  SerialServer server;
  start("localhost:" + std::to_string(server.port()));
  server.accept();
  server.write(kLine);
  EXPECT_TRUE(journal_.wait_for("sample ws1 38440 kg")) << journal_.all();
}

TEST_F(SerialTcp, ARefusalIsSaidInWords) {
  int port = 0;
  {
    const SerialServer gone;
    port = gone.port();
  }
  start(at(port));
  EXPECT_TRUE(test::becomes(*source_, "down", at(port) + " refuses the connection: is its TCP server on"))
      << source_->status().error;
}

TEST_F(SerialTcp, WhoDoesNotAnswerIsGivenUp) {
  SerialServer server(0);
  server.fill_up();
  start(at(server.port()), milliseconds(50));
  EXPECT_TRUE(test::becomes(*source_, "down", "does not answer: is it on")) << source_->status().error;
}

TEST_F(SerialTcp, StopsAtOnceWhileConnecting) {
  SerialServer server(0);
  server.fill_up();
  start(at(server.port()), milliseconds(60'000));
  const auto begin = steady_clock::now();
  source_->stop();
  EXPECT_LT(steady_clock::now() - begin, milliseconds(1'000));
  EXPECT_EQ(journal_.count("trouble"), 0U) << journal_.all();
}

TEST_F(SerialTcp, AnAddressThatIsNoneIsSaid) {
  for (const auto* address : {"127.0.0.1", ":4001", "127.0.0.1:", "127.0.0.1:http"}) {
    start(address);
    EXPECT_TRUE(test::becomes(*source_, "down", "is not host:port")) << address;
  }
}

}  // namespace
}  // namespace edge
