#include "agent/adapters/control_socket/control_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "agent/adapters/control_socket/stream.h"
#include "tests/support/temp_dir.h"

namespace edge {
namespace {

class Control : public testing::Test {
 protected:
  std::filesystem::path path() const { return dir_.path() / "run" / "control.sock"; }
  Descriptor connect() const {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    const auto address = *unix_address(path());
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  test::TempDir dir_;
};

TEST_F(Control, AnswersALineWithALine) {
  ControlSocket server([](std::string_view request) { return "<" + std::string(request) + ">"; });
  ASSERT_TRUE(server.start(path()));
  EXPECT_EQ(*ask_control_socket(path(), "one"), "<one>");
  EXPECT_EQ(*ask_control_socket(path(), ""), "<>");
  const auto socket = connect();
  ASSERT_TRUE(write_all(socket.get(), "a\nb\n"));
  std::string rest;
  EXPECT_EQ(read_line(socket.get(), rest, 100), "<a>");
  EXPECT_EQ(read_line(socket.get(), rest, 100), "<b>");
}

TEST_F(Control, IsForOwnerAndGroupOnly) {
  ControlSocket server([](std::string_view) { return std::string(); });
  ASSERT_TRUE(server.start(path()));
  struct stat facts {};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0660U);
}

TEST_F(Control, LetsGoOfAClientThatSendsTooMuchOrNothing) {
  ControlSocket server([](std::string_view) { return std::string("yes"); });
  ASSERT_TRUE(server.start(path()));
  {
    const auto flood = connect();
    const std::string much(ControlSocket::kRequestLimit * 4, 'x');
    (void)write_all(flood.get(), much);
    std::string rest;
    EXPECT_EQ(read_line(flood.get(), rest, 100), std::nullopt);
  }
  const auto silent = connect();
  EXPECT_EQ(*ask_control_socket(path(), "now"), "yes") << "a silent client keeps others out for good";
}

TEST_F(Control, ReplacesWhatADeadAgentLeftButNotALiveOne) {
  const Descriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
  std::filesystem::create_directories(path().parent_path());
  const auto address = *unix_address(path());
  ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ControlSocket first([](std::string_view) { return std::string("first"); });
  ASSERT_TRUE(first.start(path()));
  ControlSocket second([](std::string_view) { return std::string("second"); });
  const auto refused = second.start(path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kRefused);
  EXPECT_EQ(*ask_control_socket(path(), ""), "first");
}

TEST_F(Control, StopsWhileAClientIsConnectedAndRemovesItsFile) {
  ControlSocket server([](std::string_view) { return std::string(); });
  ASSERT_TRUE(server.start(path()));
  const auto client = connect();
  const auto begin = std::chrono::steady_clock::now();
  server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(ask_control_socket(path(), "").error().code, Errc::kUnavailable);
}

TEST_F(Control, ALateAnswerIsAnError) {
  std::atomic<bool> done{false};
  ControlSocket server([&](std::string_view) {
    while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return std::string();
  });
  ASSERT_TRUE(server.start(path()));
  EXPECT_EQ(ask_control_socket(path(), "", std::chrono::milliseconds(100)).error().code, Errc::kIo);
  done = true;
}

TEST_F(Control, ALongAnswerKeepsNobodyWaiting) {
  std::promise<void> begun, release;
  const auto released = release.get_future().share();
  ControlSocket server([&](std::string_view request) {
    if (request == "long") {
      begun.set_value();
      released.wait();
    }
    return std::string(request);
  });
  ASSERT_TRUE(server.start(path()));
  auto slow = std::async(std::launch::async, [&] { return ask_control_socket(path(), "long"); });
  begun.get_future().wait();
  EXPECT_EQ(*ask_control_socket(path(), "short"), "short");
  release.set_value();
  EXPECT_EQ(*slow.get(), "long");
}

TEST_F(Control, MoreClientsThanThreadsWaitTheirTurn) {
  ControlSocket server([](std::string_view request) { return std::string(request); });
  ASSERT_TRUE(server.start(path()));
  std::vector<std::future<Result<std::string>>> asked;
  for (std::size_t i = 0; i < ControlSocket::kClients * 3; ++i) {
    asked.push_back(std::async(std::launch::async, [this] { return ask_control_socket(path(), "mine"); }));
  }
  for (auto& one : asked) EXPECT_EQ(*one.get(), "mine");
}

TEST_F(Control, TooLongAPathIsRefused) {
  ControlSocket server([](std::string_view) { return std::string(); });
  EXPECT_FALSE(server.start("/" + std::string(200, 'x')));
}

}  // namespace
}  // namespace edge
