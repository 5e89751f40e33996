#include "agent/adapters/frappe_sink/frappe_sink.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <mutex>
#include <thread>

#include "tests/unit/agent/adapters/frappe_sink/raw_server.h"

namespace edge {
namespace {

constexpr const char* kKey = "k1:0123456789abcdef0123";

class FrappeServer : public testing::Test {
 protected:
  void SetUp() override {
    const auto keep = [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
      response.set_content(R"({"message":{}})", "application/json");
    };
    server_.Get(".*", keep);
    server_.Post(".*", keep);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  void TearDown() override {
    server_.stop();
    thread_.join();
  }
  FrappeSinkSettings settings() const {
    FrappeSinkSettings out;
    out.url = "http://127.0.0.1:" + std::to_string(port_);
    out.key = kKey;
    return out;
  }
  httplib::Request last() {
    const std::lock_guard lock(mutex_);
    return seen_.back();
  }
  httplib::Server server_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<httplib::Request> seen_;
  int port_ = 0;
};

TEST_F(FrappeServer, SubmitsCompressedWithItsContentType) {
  FrappeSink sink(settings());
  const std::string batch(5'000, 'a');
  EXPECT_EQ(sink.submit(batch).http, 200);
  const auto request = last();
  EXPECT_EQ(request.path, "/api/method/frappe_ext.api.ingest.submit");
  EXPECT_EQ(request.get_header_value("Content-Type"), "application/vnd.edge.batch+gzip");
  EXPECT_EQ(request.get_header_value("Authorization"), std::string("EdgeKey ") + kKey);
  EXPECT_FALSE(request.has_header("X-Frappe-Site-Name"));
  ASSERT_GT(request.body.size(), 18U);
  EXPECT_EQ(request.body.substr(0, 2), "\x1f\x8b");
  EXPECT_LT(request.body.size(), 200U);
}

TEST_F(FrappeServer, SubmitsPlainWhereToldSo) {
  auto plain = settings();
  plain.gzip = false;
  plain.site_header = "erp.local";
  FrappeSink sink(plain);
  (void)sink.submit("{}");
  EXPECT_EQ(last().get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(last().get_header_value("X-Frappe-Site-Name"), "erp.local");
  EXPECT_EQ(last().body, "{}");
}

TEST_F(FrappeServer, AsksForTheConfigurationWithTheVersionItHas) {
  FrappeSink sink(settings());
  (void)sink.config("");
  EXPECT_EQ(last().target, "/api/method/frappe_ext.api.gateway.config");
  (void)sink.config("1-7&x=/");
  EXPECT_EQ(last().target, "/api/method/frappe_ext.api.gateway.config?have=1-7%26x%3D%2F");
}

TEST_F(FrappeServer, HeartbeatAndEpochAreJson) {
  FrappeSink sink(settings());
  (void)sink.heartbeat("{1}");
  EXPECT_EQ(last().path, "/api/method/frappe_ext.api.gateway.heartbeat");
  (void)sink.new_epoch("{2}");
  EXPECT_EQ(last().path, "/api/method/frappe_ext.api.gateway.new_epoch");
  EXPECT_EQ(last().get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(last().body, "{2}");
}

TEST_F(FrappeServer, NewKeyIsUsedFromTheNextRequest) {
  FrappeSink sink(settings());
  EXPECT_EQ(sink.key_id(), "k1");
  auto fresh = settings();
  fresh.key = "k2:fedcba9876543210";
  sink.reconfigure(fresh);
  EXPECT_EQ(sink.key_id(), "k2");
  (void)sink.heartbeat("{}");
  EXPECT_EQ(last().get_header_value("Authorization"), "EdgeKey k2:fedcba9876543210");
}

TEST_F(FrappeServer, AbortedItStaysAborted) {
  FrappeSink sink(settings());
  sink.abort();
  EXPECT_EQ(sink.heartbeat("{}").failure, "aborted");
  sink.reconfigure(settings());
  EXPECT_EQ(sink.heartbeat("{}").failure, "aborted");
}

/// gunicorn closes an idle connection after two seconds without a word: the request that finds it closed goes out
/// once more at once.
TEST(FrappeSink, TriesAgainWhereAKeptConnectionWasClosed) {
  static constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  test::RawServer server(
      [](int fd, int) {
        if (!test::RawServer::read_request(fd)) return;
        test::RawServer::write(fd, kOk);
        test::RawServer::read_request(fd);  // the second request is read and dropped with the connection
      },
      2);
  FrappeSinkSettings settings;
  settings.url = server.url();
  settings.key = kKey;
  FrappeSink sink(settings);
  EXPECT_EQ(sink.heartbeat("{}").http, 200);
  const auto reply = sink.heartbeat("{}");
  EXPECT_EQ(reply.http, 200) << reply.failure;
}

TEST(FrappeSink, FailureHoldsNoSecret) {
  FrappeSinkSettings settings;
  settings.url = "http://127.0.0.1:1";
  settings.key = kKey;
  const auto reply = FrappeSink(settings).submit("{}");
  EXPECT_EQ(reply.http, 0);
  EXPECT_NE(reply.failure, "");
  EXPECT_EQ(reply.failure.find("0123456789"), std::string::npos);
}

}  // namespace
}  // namespace edge
