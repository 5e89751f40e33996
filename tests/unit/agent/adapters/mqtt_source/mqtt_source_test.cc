#include "agent/adapters/mqtt_source/mqtt_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "agent/adapters/mqtt_source/delivery.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/agent/adapters/mqtt_source/fake_broker.h"

namespace edge {
namespace {

using std::chrono::milliseconds;

struct Taken {
  std::string topic, payload;
  std::uint16_t id;
  bool retained, dup;
};

class NotingSink : public MessageSink {
 public:
  explicit NotingSink(test::FakeBroker& broker) : broker_(broker) {}
  Result<void> accept(const InboundMessage& message) override {
    if (hold.count() > 0) std::this_thread::sleep_for(hold);  // a slow disk
    {
      const std::lock_guard lock(mutex_);
      taken_.push_back({std::string(message.topic), std::string(message.payload), message.packet_id, message.retained,
                        message.duplicate});
    }
    broker_.note("accepted");
    if (broken) return fail(Errc::kIo, "disk gone");
    return {};
  }
  Taken last() {
    const std::lock_guard lock(mutex_);
    return taken_.back();
  }
  milliseconds hold{0};
  bool broken = false;

 private:
  test::FakeBroker& broker_;
  std::mutex mutex_;
  std::vector<Taken> taken_;
};

class Mqtt : public testing::Test {
 protected:
  MqttSource make(std::vector<std::string> topics = {"yam/+/+/observation"}) {
    MqttSourceSettings settings;
    settings.url = broker_.url();
    settings.client_id = "edge-gw1";
    settings.subscriptions = std::move(topics);
    settings.first_backoff = milliseconds(10);
    settings.longest_backoff = milliseconds(50);
    return MqttSource(
        settings, sink_, clock_, [this](const Error& error) { broker_.note("fatal " + error.detail); },
        [](std::string_view) {});
  }
  static bool becomes(const MqttSource& source, const std::string& state) {
    for (int n = 0; n < 1'000; ++n) {
      if (source.status().state == state) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }
  test::FakeBroker broker_;
  NotingSink sink_{broker_};
  test::FakeClock clock_;
};

TEST_F(Mqtt, ConnectsWithAPersistentSessionAndSubscribesAtQos1) {
  auto source = make({"a/+/x", "b/+/x"});
  EXPECT_EQ(source.status().state, "down");
  source.start();
  ASSERT_TRUE(becomes(source, "up")) << source.status().error;
  EXPECT_GE(broker_.index_of("CONNECT edge-gw1 level 4 persistent"), 0);
  EXPECT_GE(broker_.index_of("SUBSCRIBE a/+/x 1"), 0);
  EXPECT_GE(broker_.index_of("SUBSCRIBE b/+/x 1"), 0);
  source.stop();
  EXPECT_EQ(source.status().state, "down");
  EXPECT_TRUE(broker_.wait_for("DISCONNECT"));
}

TEST_F(Mqtt, AcknowledgesOnlyWhatWasAccepted) {
  sink_.hold = milliseconds(100);
  auto source = make();
  source.start();
  ASSERT_TRUE(becomes(source, "up"));
  broker_.publish({"yam/s/d/observation", "one", 7});
  ASSERT_TRUE(broker_.wait_for("PUBACK 7"));
  EXPECT_LT(broker_.index_of("accepted"), broker_.index_of("PUBACK 7"));
}

TEST_F(Mqtt, PacketIdDupAndRetainedSurviveTheCopies) {
  auto source = make();
  source.start();
  ASSERT_TRUE(becomes(source, "up"));
  broker_.publish({"yam/s/d/observation", std::string("a\0b", 3), 54'321, true, true});
  ASSERT_TRUE(broker_.wait_for("accepted"));
  const auto taken = sink_.last();
  EXPECT_EQ(taken.topic, "yam/s/d/observation");
  EXPECT_EQ(taken.payload, std::string("a\0b", 3));
  EXPECT_EQ(taken.id, 54'321);
  EXPECT_TRUE(taken.dup);
  EXPECT_TRUE(taken.retained);
  broker_.publish({"yam/s/d/observation", "", 2});
  ASSERT_TRUE(broker_.wait_for("accepted", 2));
  EXPECT_EQ(sink_.last().payload, "");
  EXPECT_FALSE(sink_.last().dup);
}

TEST_F(Mqtt, WhatIsNotDurableIsFatalBeforeAnyAcknowledgement) {
  sink_.broken = true;
  auto source = make();
  source.start();
  ASSERT_TRUE(becomes(source, "up"));
  broker_.publish({"yam/s/d/observation", "one", 7});
  ASSERT_TRUE(broker_.wait_for("fatal disk gone"));
  ASSERT_TRUE(broker_.wait_for("PUBACK 7"));  // this handler returned; the agent's ends the process
  EXPECT_LT(broker_.index_of("fatal disk gone"), broker_.index_of("PUBACK 7"));
}

TEST_F(Mqtt, RetriesTheFirstConnectAndSaysWhyItFails) {
  broker_.connack = 5;
  auto source = make();
  source.start();
  ASSERT_TRUE(broker_.wait_for("CONNECT edge-gw1 level 4 persistent", 3));
  EXPECT_EQ(source.status().state, "down");
  EXPECT_NE(source.status().error.find("not authorized"), std::string::npos) << source.status().error;
  broker_.connack = 0;
  EXPECT_TRUE(becomes(source, "up"));
}

TEST_F(Mqtt, ConnectsAndSubscribesAgainAfterALoss) {
  auto source = make();
  source.start();
  ASSERT_TRUE(becomes(source, "up"));
  for (int n = 2; n < 4; ++n) {
    broker_.cut();
    ASSERT_TRUE(broker_.wait_for("SUBSCRIBE yam/+/+/observation 1", n));
    ASSERT_TRUE(becomes(source, "up"));
  }
  broker_.publish({"yam/s/d/observation", "one", 9});
  EXPECT_TRUE(broker_.wait_for("PUBACK 9"));
}

TEST_F(Mqtt, PauseDisconnectsAndResumeComesBackToTheSession) {
  auto source = make();
  source.start();
  ASSERT_TRUE(becomes(source, "up"));
  source.pause(true);
  ASSERT_TRUE(broker_.wait_for("DISCONNECT"));
  EXPECT_EQ(source.status().state, "paused");
  source.pause(false);
  ASSERT_TRUE(broker_.wait_for("CONNECT edge-gw1 level 4 persistent", 2));
  EXPECT_TRUE(becomes(source, "up"));
}

TEST_F(Mqtt, PausedBeforeItsStartItDoesNotConnect) {
  auto source = make();
  source.pause(true);
  source.start();
  EXPECT_EQ(source.status().state, "paused");
  source.stop();
  EXPECT_EQ(broker_.index_of("CONNECT edge-gw1 level 4 persistent"), -1);
}

TEST_F(Mqtt, OtherTopicsAreTakenAndOldOnesGivenBack) {
  auto source = make({"old/+"});
  source.start();
  ASSERT_TRUE(becomes(source, "up"));
  source.resubscribe({"new/+"});
  EXPECT_TRUE(broker_.wait_for("UNSUBSCRIBE old/+"));
  EXPECT_TRUE(broker_.wait_for("SUBSCRIBE new/+ 1"));
  EXPECT_TRUE(becomes(source, "up"));
}

TEST_F(Mqtt, ARefusedSubscriptionIsNotUp) {
  broker_.suback = 0x80;
  auto source = make();
  source.start();
  ASSERT_TRUE(broker_.wait_for("SUBSCRIBE yam/+/+/observation 1"));
  for (int n = 0; n < 500 && source.status().error.find("refuses the subscription") == std::string::npos; ++n) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(source.status().error, "the broker refuses the subscription yam/+/+/observation (its ACL?)");
  EXPECT_EQ(source.status().state, "down");
}

TEST_F(Mqtt, StopsSoonWhileTheBrokerSaysNothing) {
  broker_.connack = -1;
  auto source = make();
  source.start();
  ASSERT_TRUE(broker_.wait_for("CONNECT edge-gw1 level 4 persistent"));
  const auto begin = std::chrono::steady_clock::now();
  source.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(Mqtt, StopWaitsForTheMessageUnderWay) {
  sink_.hold = milliseconds(200);
  auto source = make();
  source.start();
  ASSERT_TRUE(becomes(source, "up"));
  broker_.publish({"yam/s/d/observation", "one", 7});
  std::this_thread::sleep_for(milliseconds(50));  // let it reach the sink
  source.stop();
  const int accepted = broker_.index_of("accepted");
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(broker_.index_of("accepted"), accepted) << "a callback ran after stop()";
}

class ThrowingSink : public MessageSink {
 public:
  Result<void> accept(const InboundMessage&) override { throw std::runtime_error("bug"); }
};

TEST(Delivery, AThrowIsFatalAndCrossesNothing) {
  ThrowingSink sink;
  std::string why;
  deliver(mqtt::message("t", "p", 1, 1, false), 1, sink, [&](const Error& error) { why = error.detail; });
  EXPECT_EQ(why, "the message sink threw: bug");
}

TEST(Delivery, QosZeroHasNoPacketId) { EXPECT_EQ(packet_id_of(mqtt::message("t", "p", 1, 0, false)), 0); }

}  // namespace
}  // namespace edge
