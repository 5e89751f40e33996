#include "agent/adapters/local_http/local_http.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include "agent/adapters/local_http/metrics.h"

namespace edge {
namespace {

class Local : public testing::Test {
 protected:
  Local()
      : server_({{"/page",
                  [] {
                    return LocalPage{200, "text/plain", "here"};
                  }},
                 {"/throws", []() -> LocalPage { throw std::runtime_error("secret"); }}}) {
    port_ = *server_.start("127.0.0.1", 0);
  }
  httplib::Result get(const std::string& path, const std::string& host) {
    httplib::Client client("127.0.0.1", port_);
    return client.Get(path, {{"Host", host}});
  }
  std::string ours(const std::string& name) const { return name + ":" + std::to_string(port_); }
  LocalHttp server_;
  int port_ = 0;
};

TEST_F(Local, ServesItsPagesUnderLoopbackNames) {
  for (const auto* name : {"127.0.0.1", "localhost", "[::1]"}) {
    const auto answer = get("/page", ours(name));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "here");
    EXPECT_EQ(answer->get_header_value("X-Content-Type-Options"), "nosniff");
  }
}

TEST_F(Local, RefusesEveryOtherHost) {
  for (const auto& host : {std::string("evil.example"), std::string("127.0.0.1"), ours("127.0.0.1.evil.example"),
                           std::string("127.0.0.1:1"), ours("evil.example")}) {
    EXPECT_EQ(get("/page", host)->status, 421) << host;
  }
}

TEST_F(Local, KnowsNoOtherPathOrMethod) {
  EXPECT_EQ(get("/other", ours("localhost"))->status, 404);
  httplib::Client client("127.0.0.1", port_);
  EXPECT_EQ(client.Post("/page", {{"Host", ours("localhost")}}, "x", "text/plain")->status, 405);
}

TEST_F(Local, AFailingPageIsAnErrorWithoutItsWords) {
  const auto answer = get("/throws", ours("localhost"));
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(answer->body.find("secret"), std::string::npos);
}

TEST_F(Local, ATakenPortIsAnError) {
  LocalHttp second({});
  const auto started = second.start("127.0.0.1", port_);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().detail.find(std::to_string(port_)), std::string::npos);
}

TEST(Metrics, NamesAndEscapesEverything) {
  AgentStatus status;
  status.gateway = "gw\"1\n";
  status.facts.audit.counters = {{"messages", 5}, {"decoded", 3}, {"ignored.no_topic", 1}, {"ignored.retained", 1}, {"folded", 7}, {"thinned.ok", 8}};
  status.facts.audit.totals.sent = 3;
  status.facts.sync.state = "waiting";
  status.facts.sources = {{"mqtt", "up", 0, ""}, {"other", "down", 0, ""}};
  status.health = judge_health(status.facts);
  const auto text = render_metrics(status);
  for (const auto* line :
       {"edge_messages_outcome_total{outcome=\"ignored\"} 2\n", "edge_messages_outcome_total{outcome=\"decoded\"} 3\n",
        "edge_sync_state{state=\"waiting\"} 1\n", "edge_sync_state{state=\"idle\"} 0\n",
        "edge_source_up{source=\"mqtt\"} 1\n", "edge_source_up{source=\"other\"} 0\n", "gateway=\"gw\\\"1\\n\"",
        "# TYPE edge_messages_total counter\n", "edge_readings_sent_total 3\n",
        "edge_readings_folded 7\n", "edge_readings_thinned_total{reason=\"ok\"} 8\n",
        "edge_readings_thinned_total{reason=\"dead_letter\"} 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(HealthJson, IsOneLineOfJson) {
  EXPECT_EQ(health_json("ready", {}), "{\"status\":\"ready\",\"reasons\":[]}\n");
  EXPECT_EQ(health_json("not_ready", {{HealthReason::Weight::kNotReady, "source_down", "a\nb"}}),
            "{\"status\":\"not_ready\",\"reasons\":[{\"code\":\"source_down\",\"text\":\"a b\"}]}\n");
}

}  // namespace
}  // namespace edge
