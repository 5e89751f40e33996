#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/epoch_keeper.h"
#include "agent/core/heartbeat.h"
#include "agent/core/policy_cache.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_sink.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeClock;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kConfig =
    R"({"message":{"version":"v1","server_time":1,"gateway":"gw","epoch":"3","time_zone":"Asia/Aden","sites":[],)"
    R"("policies":[{"name":"P","version":"17","site":"silo-a","type":"temperature","unit":"C","warning":["10","30"],)"
    R"("critical":["5","35"],"valid":[null,null]}]}})";

class MemoryPolicies : public Policies {
 public:
  Result<std::optional<std::string>> load_config() override { return body; }
  Result<void> save_config(std::string_view text) override {
    if (broken) return fail(Errc::kIo, "disk");
    body = text;
    return {};
  }
  std::optional<std::string> body;
  bool broken = false;
};

class PolicyCacheTest : public testing::Test {
 protected:
  FakeClock clock_;
  test::FakeSink sink_;
  MemoryPolicies policies_;
  std::shared_ptr<const PolicyBook> book_;
  std::vector<std::string> configs_;  ///< versions of the whole answers handed over
  PolicyCache cache_{policies_, sink_, clock_, [this](auto book) { book_ = std::move(book); },
                     [this](const auto& config) { configs_.push_back(config.version); }};
};

TEST_F(PolicyCacheTest, HandsTheWholeAnswerOverFromDiskAndFromTheServer) {
  policies_.body = kConfig;
  ASSERT_TRUE(cache_.load());
  EXPECT_THAT(configs_, ElementsAre("v1"));
  sink_.config_reply.body = R"({"message":{"unchanged":true,"version":"v1"}})";
  cache_.step("");
  clock_.advance(PolicyCache::kEvery);
  sink_.config_reply.body = "<html>";
  cache_.step("");
  clock_.advance(PolicyCache::kEvery);
  EXPECT_THAT(configs_, ElementsAre("v1")) << "neither an unchanged answer nor one that cannot be read";
  sink_.config_reply.body = R"({"message":{"version":"v2","policies":[]}})";
  cache_.step("");
  EXPECT_THAT(configs_, ElementsAre("v1", "v2"));
}

TEST_F(PolicyCacheTest, StartsWithNothingThenPulls) {
  ASSERT_TRUE(cache_.load());
  EXPECT_EQ(book_, nullptr);
  sink_.config_reply.body = kConfig;
  EXPECT_EQ(cache_.step(""), PolicyCache::kEvery);
  ASSERT_NE(book_, nullptr);
  EXPECT_NE(book_->find("silo-a", "temperature"), nullptr);
  EXPECT_EQ(policies_.body, kConfig);
  EXPECT_EQ(cache_.status().version, "v1");
  EXPECT_EQ(cache_.status().pulled_at, FakeClock::kStart);
  EXPECT_THAT(sink_.config_asked, ElementsAre(""));
}

TEST_F(PolicyCacheTest, JudgesByTheLastGoodOneWhenOffline) {
  policies_.body = kConfig;
  ASSERT_TRUE(cache_.load());
  ASSERT_NE(book_, nullptr);
  sink_.config_reply = test::no_answer();
  EXPECT_EQ(cache_.step(""), PolicyCache::kAgain);
  EXPECT_NE(book_->find("silo-a", "temperature"), nullptr);
  EXPECT_EQ(cache_.status().version, "v1");
  EXPECT_EQ(cache_.status().last_error, "connection refused");
}

TEST_F(PolicyCacheTest, AMalformedAnswerChangesNothing) {
  policies_.body = kConfig;
  ASSERT_TRUE(cache_.load());
  const auto before = book_;
  for (const char* body : {"<html>", R"({"message":{}})", R"({"message":{"version":"v2","policies":[{"name":1}]}})"}) {
    sink_.config_reply = {200, body, {}, {}};
    cache_.step("");
    clock_.advance(PolicyCache::kEvery);
    EXPECT_EQ(book_, before) << body;
    EXPECT_EQ(policies_.body, kConfig);
    EXPECT_NE(cache_.status().last_error, "");
  }
}

TEST_F(PolicyCacheTest, AsksWhenAnotherVersionIsAnnouncedAndEveryFiveMinutes) {
  sink_.config_reply.body = kConfig;
  cache_.step("");
  EXPECT_EQ(cache_.step("v1"), PolicyCache::kEvery);
  EXPECT_EQ(sink_.config_asked.size(), 1U);
  clock_.advance(PolicyCache::kAgain);
  cache_.step("v2");
  EXPECT_THAT(sink_.config_asked, ElementsAre("", "v1"));
  EXPECT_GT(cache_.step("v2"), milliseconds{0}) << "served v1 again: not asked all the time";
  EXPECT_EQ(sink_.config_asked.size(), 2U);
  clock_.advance(PolicyCache::kEvery);
  sink_.config_reply.body = R"({"message":{"unchanged":true,"version":"v1"}})";
  cache_.step("v1");
  EXPECT_EQ(sink_.config_asked.size(), 3U);
  EXPECT_EQ(cache_.status().last_error, "");
}

TEST_F(PolicyCacheTest, JudgesByItEvenIfItCannotBeKept) {
  policies_.broken = true;
  sink_.config_reply.body = kConfig;
  cache_.step("");
  EXPECT_NE(book_, nullptr);
  EXPECT_EQ(cache_.status().last_error, "disk");
}

TEST_F(PolicyCacheTest, SaysWhenTheKeptOneCannotBeRead) {
  policies_.body = "rubbish";
  EXPECT_FALSE(cache_.load());
  EXPECT_EQ(book_, nullptr);
}

class MemoryState : public State {
 public:
  StoreIdentity identity() const override { return now; }
  Result<void> grant_epoch(std::string_view epoch) override {
    now.epoch = epoch;
    now.provisional = false;
    return {};
  }
  StoreSize size() const override { return {}; }
  Result<void> flush() override { return {}; }
  StoreIdentity now{"p5f0c9a1e", true, "new_store", "", "9b1d5e0c7a2f4431", 0, ""};
};

TEST(EpochKeeper, AsksUntilAnEpochIsGranted) {
  FakeClock clock;
  test::FakeSink sink;
  MemoryState state;
  EpochKeeper keeper(state, sink, clock, "gw", 1);
  sink.epoch_reply = test::no_answer();
  const auto wait = keeper.step();
  EXPECT_LE(wait, seconds{5});
  EXPECT_THAT(keeper.last_error(), HasSubstr("connection refused"));
  EXPECT_THAT(sink.epochs_asked.at(0), HasSubstr(R"("provisional":"p5f0c9a1e")"));
  EXPECT_THAT(sink.epochs_asked.at(0), HasSubstr(R"("reason":"new_store")"));
  EXPECT_EQ(keeper.step(), wait);
  EXPECT_EQ(sink.epochs_asked.size(), 1U);
  sink.epoch_reply = {200, R"({"message":{"epoch":"4"}})", {}, {}};
  clock.advance(wait);
  keeper.step();
  EXPECT_EQ(state.now.epoch, "4");
  EXPECT_EQ(keeper.last_error(), "");
  clock.advance(EpochKeeper::kLook);
  keeper.step();
  EXPECT_EQ(sink.epochs_asked.size(), 2U) << "granted: nothing to ask";
}

TEST(EpochKeeper, TakesNoEpochThatIsNone) {
  FakeClock clock;
  test::FakeSink sink;
  MemoryState state;
  EpochKeeper keeper(state, sink, clock, "gw", 1);
  for (const char* body : {"<html>", R"({"message":{"epoch":"p1"}})", R"({"message":{}})"}) {
    sink.epoch_reply = {200, body, {}, {}};
    clock.advance(keeper.step());
    EXPECT_TRUE(state.now.provisional) << body;
  }
}

HeartbeatFacts facts() {
  HeartbeatFacts facts;
  facts.gateway = "gw";
  facts.version = "0.1.0";
  facts.key_id = "k2";
  facts.now = FakeClock::kStart;
  facts.mono = 100'000;
  facts.started = 40'000;
  facts.identity.epoch = "3";
  facts.totals.pending = 212;
  facts.totals.last_seq = 184'471;
  facts.totals.dead = 2;
  facts.size.bytes = 10'485'760;
  facts.counters = {{"messages", 10}, {"decoded", 7}, {"ignored.no_topic", 2}, {"ignored.retained", 1}};
  facts.sources = {{"mqtt", "up", 5, ""}};
  facts.chain_heads = {{"ws1", "3", 413, std::string(64, 'a')}};
  return facts;
}

TEST(Heartbeat, SaysWhatTheStoreHolds) {
  const wire::Heartbeat beat = compose_heartbeat(facts());
  EXPECT_EQ(beat.uptime_s, 60);
  EXPECT_EQ(beat.buffered, 212);
  EXPECT_EQ(beat.last_seq, 184'471);
  EXPECT_EQ(beat.dead_letters, 2);
  EXPECT_EQ(beat.counters.at("ignored"), 3);
  EXPECT_EQ(beat.counters.at("duplicate"), 0);
  EXPECT_EQ(beat.sources.at(0).name, "mqtt");
  ASSERT_EQ(beat.chain_heads.size(), 1U);
  EXPECT_EQ(beat.chain_heads[0].scale, "ws1");
  EXPECT_EQ(beat.chain_heads[0].seq, 413);
  EXPECT_EQ(wire::encode_heartbeat(beat).find("certificate_expires"), std::string::npos) << "none was seen";
}

TEST(Heartbeat, HasTheEndOfTheServersCertificate) {
  HeartbeatFacts seen = facts();
  seen.certificate_expires = 1'771'840'800'000;
  EXPECT_NE(wire::encode_heartbeat(compose_heartbeat(seen)).find(R"("certificate_expires":1771840800000)"),
            std::string::npos);
}

TEST(Heartbeat, GoesEachMinuteAndLearnsFromTheAnswer) {
  FakeClock clock;
  test::FakeSink sink;
  HeartbeatSender sender(sink, clock, facts);
  sink.heartbeat_reply.body = R"({"message":{"server_time":1771840800000,"config_version":"v7"}})";
  EXPECT_EQ(sender.step(), HeartbeatSender::kEvery);
  clock.advance(seconds{59});
  EXPECT_EQ(sender.step(), seconds{1});
  EXPECT_EQ(sink.heartbeats.size(), 1U);
  EXPECT_EQ(sender.announced_config_version(), "v7");
  EXPECT_EQ(sender.clock_offset_ms(), -1000);
  sink.heartbeat_reply = test::no_answer();
  clock.advance(seconds{1});
  sender.step();
  EXPECT_EQ(sink.heartbeats.size(), 2U);
  EXPECT_EQ(sender.announced_config_version(), "v7");
}

TEST(Horizon, CountsDaysAtTodaysRate) {
  Horizon horizon;
  StoreSize size;
  size.room_bytes = 1'000'000'000;
  size.used_bytes = 250'000;
  size.rows = 1'000;
  horizon.sample(0, 0);
  EXPECT_EQ(horizon.days(size), std::nullopt);
  // One reading a second for two hours; 250 bytes each.
  for (std::int64_t minute = 1; minute <= 120; ++minute) horizon.sample(minute * 60'000, minute * 60);
  ASSERT_TRUE(horizon.days(size));
  EXPECT_NEAR(*horizon.days(size), 1e9 / 250 / 86'400, 0.01);
  size.room_bytes = 0;
  EXPECT_EQ(*horizon.days(size), 0);
}

TEST(Horizon, ForgetsYesterday) {
  Horizon horizon;
  StoreSize size;
  size.used_bytes = 1'000;
  size.rows = 10;
  size.room_bytes = 1'000'000;
  horizon.sample(0, 1'000'000);
  for (std::int64_t hour = 1; hour <= 48; ++hour) horizon.sample(hour * 3'600'000, 1'000'000 + hour);
  EXPECT_NEAR(*horizon.days(size), 1'000'000 / 100.0 / 24, 0.5);
}

}  // namespace
}  // namespace edge
