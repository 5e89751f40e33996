#include "agent/adapters/frappe_sink/http_client.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <thread>

#include "tests/unit/agent/adapters/frappe_sink/raw_server.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class HttpServer : public testing::Test {
 protected:
  void SetUp() override {
    server_.Get("/ok", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.get_header_value("X-Test") + "|" + request.get_header_value("User-Agent"),
                           "text/plain");
    });
    server_.Post("/echo", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.body, "text/plain");
    });
    server_.Get("/busy", [](const httplib::Request&, httplib::Response& response) {
      response.status = 429;
      response.set_header("Retry-After", "17");
    });
    server_.Get("/away", [](const httplib::Request&, httplib::Response& response) { response.set_redirect("/ok"); });
    server_.Get("/large", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(std::string(200'000, 'x'), "text/plain");
    });
    server_.Get("/slow", [this](const httplib::Request&, httplib::Response&) {
      while (!done_) std::this_thread::sleep_for(milliseconds(5));
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  void TearDown() override {
    done_ = true;
    server_.stop();
    thread_.join();
  }
  HttpRequest get(const std::string& path) const {
    return {"GET", "http://127.0.0.1:" + std::to_string(port_) + path, {}, {}};
  }
  httplib::Server server_;
  std::thread thread_;
  std::atomic<bool> done_{false};
  int port_ = 0;
};

TEST_F(HttpServer, SendsHeadersAndBody) {
  HttpClient client({});
  auto request = get("/ok");
  request.headers = {"X-Test: a"};
  auto answer = client.send(request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "a|edge-agent");
  EXPECT_EQ(answer.failure, "");
  request = get("/echo");
  request.method = "POST";
  const std::string body("zero\0byte", 9);
  request.body = body;
  EXPECT_EQ(client.send(request).body, body);
  EXPECT_EQ(client.send(get("/ok")).body, "|edge-agent") << "a header or method of the request before is left over";
}

TEST_F(HttpServer, HandsOverRetryAfter) {
  const auto answer = HttpClient({}).send(get("/busy"));
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.retry_after_s, 17);
}

TEST_F(HttpServer, FollowsNoRedirect) { EXPECT_EQ(HttpClient({}).send(get("/away")).status, 302); }

TEST_F(HttpServer, RefusesTooLargeAnAnswer) {
  HttpClientSettings settings;
  settings.max_response = 100'000;
  HttpClient client(settings);
  const auto answer = client.send(get("/large"));
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.failure, "response larger than 100000 bytes");
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(client.send(get("/ok")).status, 200);
}

TEST_F(HttpServer, GivesUpAfterTheTimeout) {
  HttpClientSettings settings;
  settings.timeout = milliseconds(200);
  const auto begin = steady_clock::now();
  const auto answer = HttpClient(settings).send(get("/slow"));
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.failure, "");
  EXPECT_FALSE(answer.dropped_kept_alive);
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(HttpServer, AbortEndsTheRequestUnderWayAtOnce) {
  HttpClient client({});
  const auto begin = steady_clock::now();
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(100));
    client.abort();
  });
  const auto answer = client.send(get("/slow"));
  other.join();
  EXPECT_EQ(answer.failure, "aborted");
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_EQ(client.send(get("/ok")).failure, "aborted");
}

TEST_F(HttpServer, AsksNoProxyOfTheEnvironment) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  EXPECT_EQ(HttpClient({}).send(get("/ok")).status, 200);
  ::unsetenv("http_proxy");
}

TEST(HttpClient, SpeaksOnlyHttp) { EXPECT_NE(HttpClient({}).send({"GET", "file:///etc/passwd", {}, {}}).failure, ""); }

TEST(HttpClient, RefusedConnectionIsAFailure) {
  int port = 0;
  {
    port = test::RawServer([](int, int) {}, 0).port();
  }
  const auto answer = HttpClient({}).send({"GET", "http://127.0.0.1:" + std::to_string(port), {}, {}});
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.failure, "");
}

TEST(HttpClient, HalfAnAnswerIsAFailure) {
  test::RawServer server(
      [](int fd, int) {
        test::RawServer::read_request(fd);
        test::RawServer::write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      },
      1);
  const auto answer = HttpClient({}).send({"GET", server.url(), {}, {}});
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.body, "");
  EXPECT_NE(answer.failure, "");
}

}  // namespace
}  // namespace edge
