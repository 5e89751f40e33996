#include "agent/core/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocols/record/identity.h"
#include "protocols/record/sha256.h"
#include "protocols/record/time.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_outbox.h"

namespace edge {
namespace {

using test::FakeClock;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kTopic = "yam/silo-a/bin3-t1/observation";
constexpr const char* kVector = R"({"metric":"temperature","value":28.50,"unit":"C","ts":"2026-02-23T10:00:00Z"})";

IngestRules rules() {
  IngestRules all;
  all.gateway = "gw-silo-a";
  all.default_site = "silo-a";
  all.topics.push_back({*TopicPattern::parse("yam/{site}/{device}/observation"), {}});
  all.topics.push_back({*TopicPattern::parse("shed/{device}/up"), {"/t", "", "/id", "temperature", "F"}});
  all.converts.push_back({"temperature", "", "F", "C", Linear{-3200, 5, 9, 0}});
  return all;
}

class IngestTest : public testing::Test {
 protected:
  Result<void> send(std::string_view payload, std::uint16_t packet = 0, bool dup = false,
                    std::string_view topic = kTopic) {
    InboundMessage message;
    message.topic = topic;
    message.payload = payload;
    message.packet_id = packet;
    message.duplicate = dup;
    return ingest_.accept(message);
  }
  const Observation& last() const { return outbox_.rows.back().observation; }
  std::int64_t count(const char* name) const {
    const auto at = outbox_.totals.find(name);
    return at == outbox_.totals.end() ? 0 : at->second;
  }

  FakeClock clock_;
  test::MemoryOutbox outbox_;
  Ingest ingest_{outbox_, clock_, rules()};
};

TEST_F(IngestTest, KnowsARedeliveryOfARowThatIsFoundAgainAfterTheStart) {
  ASSERT_TRUE(ingest_.warm());
  const std::string reading = R"({"metric":"temperature","value":7,"unit":"C"})";
  RecentUid row;
  row.uid = uid_of_sequence("gw-silo-a", "3", "observation", "12");
  row.site = "silo-a";
  row.device = "bin3-t1";
  row.raw_sha256 = sha256_hex(reading);
  row.packet_id = 9;
  row.identity = Identity::kReceived;
  outbox_.found = {row, row};  // by the recall and by the salvage
  ASSERT_TRUE(send(reading, 9, true));
  EXPECT_THAT(outbox_.rows, IsEmpty());
  EXPECT_EQ(count("duplicate"), 1);
  ASSERT_TRUE(send(reading, 9, true));
  EXPECT_EQ(outbox_.rows.size(), 1U) << "one row answers one redelivery";
}

TEST_F(IngestTest, MakesTheObservationOfTheContract) {
  ASSERT_TRUE(send(kVector));
  ASSERT_EQ(outbox_.rows.size(), 1U);
  EXPECT_EQ(last().uid, "6f24299c07187094bab81ef655773fca");
  EXPECT_EQ(last().raw_sha256, "fc4bfdc284517c21b8601e716c32b2606a7bdf37e6511ac2ca126b7c671b4af0");
  EXPECT_EQ(last().identity, Identity::kContent);
  EXPECT_EQ(last().site, "silo-a");
  EXPECT_EQ(last().device, "bin3-t1");
  EXPECT_EQ(last().type, "temperature");
  EXPECT_EQ(last().value, "28.50");
  EXPECT_EQ(last().unit, "C");
  EXPECT_EQ(last().observed_at, 1771840800000);
  EXPECT_EQ(last().received_at, FakeClock::kStart);
  EXPECT_EQ(last().time_source, TimeSource::kDevice);
  EXPECT_EQ(last().boot, "5f0c9a1e");
  EXPECT_EQ(last().mono_ms, 86'400'123);
  EXPECT_EQ(last().raw, kVector);
  EXPECT_EQ(last().raw_bytes, 77);
  EXPECT_EQ(last().flag, Flag::kOk);
  EXPECT_THAT(last().reasons, ElementsAre("no_policy"));
  EXPECT_EQ(count("messages"), 1);
  EXPECT_EQ(count("decoded"), 1);
  EXPECT_EQ(count("readings"), 1);
}

TEST_F(IngestTest, KnowsARedeliveryOfContent) {
  ASSERT_TRUE(send(kVector, 7));
  ASSERT_TRUE(send(kVector, 7, true));
  ASSERT_TRUE(send(kVector, 9));
  EXPECT_EQ(outbox_.rows.size(), 1U);
  EXPECT_EQ(count("messages"), 3);
  EXPECT_EQ(count("duplicate"), 2);
  EXPECT_EQ(count("readings"), 1);
}

TEST_F(IngestTest, KnowsARedeliveryAfterARestart) {
  ASSERT_TRUE(send(kVector, 7));
  ASSERT_TRUE(send(R"({"metric":"t","value":1})", 8));
  Ingest again(outbox_, clock_, rules());
  ASSERT_TRUE(again.warm());
  ASSERT_TRUE(again.accept({kTopic, kVector, 7, false, true}));
  ASSERT_TRUE(again.accept({kTopic, R"({"metric":"t","value":1})", 8, false, true}));
  EXPECT_EQ(outbox_.rows.size(), 2U);
  EXPECT_EQ(count("duplicate"), 2);
}

TEST_F(IngestTest, KnowsAMessageWhoseAcknowledgementIsLostAgainAndAgain) {
  const std::string steady = R"({"metric":"temperature","value":21.0,"unit":"C"})";
  InboundMessage message{kTopic, steady, 7};
  ASSERT_TRUE(ingest_.accept(message));
  message.duplicate = true;
  for (message.connection = 2; message.connection < 6; ++message.connection) ASSERT_TRUE(ingest_.accept(message));
  EXPECT_EQ(outbox_.rows.size(), 1U);
  EXPECT_EQ(count("duplicate"), 4);
}

TEST_F(IngestTest, TellsASteadySensorFromARedelivery) {
  const std::string steady = R"({"metric":"temperature","value":21.0,"unit":"C"})";
  ASSERT_TRUE(send(steady, 7));
  ASSERT_TRUE(send(steady, 8));
  EXPECT_EQ(outbox_.rows.size(), 2U) << "equal bytes alone prove nothing";
  ASSERT_TRUE(send(steady, 8, true));
  EXPECT_EQ(outbox_.rows.size(), 2U);
  ASSERT_TRUE(send(steady, 8, true));
  EXPECT_EQ(outbox_.rows.size(), 3U) << "each row answers one DUP of a connection";
  ASSERT_TRUE(send(steady, 9, true));
  EXPECT_EQ(outbox_.rows.size(), 4U) << "never committed: a new row";
  EXPECT_EQ(last().identity, Identity::kReceived);
  EXPECT_EQ(count("duplicate"), 1);
}

TEST_F(IngestTest, CommitsOnlyTheNewReadingsOfAMessage) {
  const std::string both = R"([{"metric":"a","value":1,"ts":"2026-02-23T10:00:00Z"},{"metric":"b","value":2}])";
  ASSERT_TRUE(send(both, 7));
  ASSERT_EQ(outbox_.rows.size(), 2U);
  EXPECT_EQ(last().index, 1);
  // Another packet: the timed reading is known by its content, the other one is new.
  ASSERT_TRUE(send(both, 8));
  ASSERT_EQ(outbox_.rows.size(), 3U);
  EXPECT_EQ(last().type, "b");
  EXPECT_EQ(count("messages"), 2);
  EXPECT_EQ(count("decoded"), 2);
  EXPECT_EQ(count("readings"), 4);
  EXPECT_EQ(count("readings.duplicate"), 1);
}

TEST_F(IngestTest, KeepsWhatCannotBeDecoded) {
  const std::string junk("\xff\x00{", 3);
  ASSERT_TRUE(send(junk, 7));
  ASSERT_EQ(outbox_.rows.size(), 1U);
  EXPECT_EQ(last().type, "unparsed");
  EXPECT_EQ(last().flag, Flag::kInvalid);
  EXPECT_THAT(last().reasons.front(), StartsWith("undecodable:"));
  EXPECT_EQ(last().raw, "base64:/wB7");
  EXPECT_EQ(last().raw_bytes, 3);
  EXPECT_EQ(last().identity, Identity::kReceived);
  EXPECT_EQ(last().value, std::nullopt);
  EXPECT_EQ(count("undecodable"), 1);
  EXPECT_EQ(count("readings"), 1);
  ASSERT_TRUE(send(junk, 7, true));
  EXPECT_EQ(outbox_.rows.size(), 1U);
  EXPECT_EQ(count("duplicate"), 1);
}

struct Ignored {
  const char* name;
  const char* topic;
  const char* payload;
  bool retained;
  const char* counter;
};
class IngestIgnores : public IngestTest, public testing::WithParamInterface<Ignored> {};
TEST_P(IngestIgnores, WithAReason) {
  const Ignored& given = GetParam();
  ASSERT_TRUE(ingest_.accept({given.topic, given.payload, 7, given.retained, false}));
  EXPECT_THAT(outbox_.rows, IsEmpty());
  EXPECT_EQ(count("messages"), 1);
  EXPECT_EQ(count(given.counter), 1);
}
INSTANTIATE_TEST_SUITE_P(
    Messages, IngestIgnores,
    testing::Values(Ignored{"NoTopic", "other/topic", kVector, false, "ignored.no_topic"},
                    Ignored{"BadDevice", "yam/silo-a/bin 3/observation", kVector, false, "ignored.bad_id"},
                    Ignored{"BadSite", "yam/s\xc3\xadlo/bin3/observation", kVector, false, "ignored.bad_id"},
                    Ignored{"RetainedNoTime", kTopic, R"({"metric":"t","value":1})", true, "ignored.retained"},
                    Ignored{"RetainedBadTime", kTopic, R"({"metric":"t","value":1,"ts":"soon"})", true,
                            "ignored.retained"},
                    Ignored{"RetainedJunk", kTopic, "junk", true, "ignored.retained"}),
    [](const auto& given) { return given.param.name; });

TEST_F(IngestTest, TakesARetainedMessageWithItsOwnTime) {
  ASSERT_TRUE(ingest_.accept({kTopic, kVector, 7, true, false}));
  EXPECT_EQ(outbox_.rows.size(), 1U);
}

struct OwnTime {
  const char* name;
  const char* sent;  ///< as JSON
  ClockState clock;
  std::int64_t want;   ///< observed_at; 0 = the time of receipt
  const char* reason;  ///< nullptr = none
};
class IngestTime : public IngestTest, public testing::WithParamInterface<OwnTime> {};
TEST_P(IngestTime, IsUsedOrSaidToBeBad) {
  const OwnTime& given = GetParam();
  clock_.set_state(given.clock);
  ASSERT_TRUE(send(R"({"metric":"t","value":1,"ts":)" + std::string(given.sent) + "}"));
  const bool used = given.want != 0;
  EXPECT_EQ(last().observed_at, used ? given.want : FakeClock::kStart);
  EXPECT_EQ(last().time_source, used ? TimeSource::kDevice : TimeSource::kReceive);
  EXPECT_EQ(last().identity, used ? Identity::kContent : Identity::kReceived);
  EXPECT_EQ(last().clock, given.clock);
  if (given.reason == nullptr) {
    EXPECT_EQ(last().flag, Flag::kOk);
  } else {
    EXPECT_EQ(last().flag, Flag::kWarning);
    EXPECT_EQ(last().reasons.front(), given.reason);
  }
}
constexpr std::int64_t kFarAhead = FakeClock::kStart + kFutureLimitMs + 1;
INSTANTIATE_TEST_SUITE_P(
    Times, IngestTime,
    testing::Values(OwnTime{"Fine", "1771840800000", ClockState::kSynced, 1771840800000, nullptr},
                    OwnTime{"Unreadable", R"("soon")", ClockState::kSynced, 0, "bad_time:soon"},
                    OwnTime{"Before2001", "900000000", ClockState::kSynced, 0, "bad_time:900000000"},
                    OwnTime{"After2100", "4102444801000", ClockState::kSynced, 0, "bad_time:4102444801000"},
                    OwnTime{"DayAhead", "1771927201000", ClockState::kSynced, kFarAhead - 1, nullptr},
                    OwnTime{"MoreThanADayAhead", "1771927201001", ClockState::kSynced, 0, "bad_time:1771927201001"},
                    OwnTime{"AheadOfAClockThatIsWrongItself", "1771927201001", ClockState::kUnsynced, kFarAhead,
                            nullptr}),
    [](const auto& given) { return given.param.name; });

TEST_F(IngestTest, TakesAUniqueIdForAnIdentityAndConverts) {
  const std::string payload = R"({"t":"80.6","id":"6d1b1f3e-9a6c-4c0e-8c3c-0d9d0b7a5f11"})";
  ASSERT_TRUE(send(payload, 7, false, "shed/s7/up"));
  EXPECT_EQ(last().site, "silo-a");
  EXPECT_EQ(last().device, "s7");
  EXPECT_EQ(last().identity, Identity::kContent);
  EXPECT_EQ(last().uid, uid_of_content({"silo-a", "s7", "temperature", 0, payload}));
  EXPECT_EQ(last().observed_at, FakeClock::kStart);
  EXPECT_EQ(last().value, "27");
  EXPECT_EQ(last().unit, "C");
  EXPECT_EQ(last().value_in, "80.6");
  EXPECT_EQ(last().unit_in, "F");
}

TEST_F(IngestTest, LeavesOutANumberTheColumnCannotHold) {
  ASSERT_TRUE(send(R"({"metric":"t","value":1234567890123})"));
  EXPECT_EQ(last().flag, Flag::kInvalid);
  EXPECT_EQ(last().value, std::nullopt);
  EXPECT_EQ(last().reasons.front(), "not_storable");
}

TEST_F(IngestTest, JudgesByTheBook) {
  Policy policy;
  policy.site = "silo-a";
  policy.type = "temperature";
  policy.version = "1771500000000";
  policy.critical.max = "25";
  auto book = std::make_shared<PolicyBook>(std::vector<Policy>{policy});
  ingest_.set_book(book);
  ASSERT_TRUE(send(kVector));
  EXPECT_EQ(last().flag, Flag::kQuarantine);
  EXPECT_THAT(last().reasons, ElementsAre("critical_max:25"));
  EXPECT_EQ(last().policy_version, "1771500000000");
  auto with_devices = std::make_shared<PolicyBook>(*book);
  with_devices->set_devices({{"silo-a", "bin4-t1"}});
  ingest_.set_book(with_devices);
  ASSERT_TRUE(send(R"({"metric":"temperature","value":20})"));
  EXPECT_THAT(last().reasons, ElementsAre("unknown_device"));
}

TEST_F(IngestTest, AFloodOfMadeUpDevicesIsCountedAndNotKept) {
  auto book = std::make_shared<PolicyBook>(std::vector<Policy>{});
  book->set_devices({{"silo-a", "bin3-t1"}});
  ingest_.set_book(book);
  for (int n = 0; n < 1'500; ++n) {
    ASSERT_TRUE(send(kVector, 0, false, "yam/silo-a/made-up-" + std::to_string(n) + "/observation"));
  }
  EXPECT_EQ(count("ignored.unknown_device"), 500);
  EXPECT_EQ(outbox_.rows.size(), 1'000U);
  ASSERT_TRUE(send(kVector)) << "a known device is let in all the same";
  EXPECT_EQ(outbox_.rows.size(), 1'001U);
}

TEST_F(IngestTest, SaysSoWhenNothingWasCommitted) {
  outbox_.failure = Error{Errc::kFull, "no room"};
  const auto refused = send(kVector);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kFull);
  outbox_.failure.reset();
  ASSERT_TRUE(send(kVector, 7, true));
  EXPECT_EQ(outbox_.rows.size(), 1U) << "what was not committed is not known";
}

TEST_F(IngestTest, ReadsByNewRules) {
  IngestRules other = rules();
  other.topics.clear();
  ingest_.set_rules(other);
  ASSERT_TRUE(send(kVector));
  EXPECT_EQ(count("ignored.no_topic"), 1);
}

PolledAnswer polled(std::vector<Reading> readings) {
  return {"silo-b", "shed-t1", std::move(readings), std::string("\x01\x1d\x02\x65", 4)};
}
Reading reading(const char* metric, const char* value, const char* unit, int index) {
  Reading out;
  out.metric = metric, out.value = value, out.unit = unit, out.index = index;
  return out;
}

TEST_F(IngestTest, TakesAPolledAnswer) {
  ASSERT_TRUE(
      ingest_.accept_poll(polled({reading("temperature", "80.6", "F", 0), reading("humidity", "61.3", "%", 1)})));
  ASSERT_EQ(outbox_.rows.size(), 2U);
  const Observation& first = outbox_.rows[0].observation;
  EXPECT_EQ(first.site, "silo-b");
  EXPECT_EQ(first.device, "shed-t1");
  EXPECT_EQ(first.identity, Identity::kPolled);
  EXPECT_EQ(first.uid, uid_of_sequence("gw", "1", "observation", "1")) << "the store gives it one";
  EXPECT_EQ(first.time_source, TimeSource::kReceive);
  EXPECT_EQ(first.observed_at, FakeClock::kStart);
  EXPECT_EQ(first.mono_ms, 86'400'123);
  EXPECT_EQ(first.boot, "5f0c9a1e");
  EXPECT_EQ(first.raw, "hex:011d0265");
  EXPECT_EQ(first.raw_bytes, 4);
  EXPECT_EQ(first.raw_sha256, sha256_hex(std::string_view("\x01\x1d\x02\x65", 4)));
  EXPECT_EQ(first.value, "27") << "converted like a message's";
  EXPECT_EQ(first.value_in, "80.6");
  EXPECT_EQ(last().type, "humidity");
  EXPECT_EQ(last().index, 1);
  EXPECT_THAT(last().reasons, ElementsAre("no_policy"));
  EXPECT_EQ(count("messages"), 1);
  EXPECT_EQ(count("decoded"), 1);
  EXPECT_EQ(count("readings"), 2);
}

TEST_F(IngestTest, KeepsEqualPolledAnswersApart) {
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(ingest_.accept_poll(polled({reading("temperature", "21.0", "C", 0)})));
  EXPECT_EQ(outbox_.rows.size(), 3U) << "a steady sensor repeats itself";
  EXPECT_EQ(count("readings"), 3);
}

TEST_F(IngestTest, StoresAPolledFaultAsInvalid) {
  Reading broken;
  broken.metric = "temperature";
  broken.faults = {"sentinel:7fff"};
  ASSERT_TRUE(ingest_.accept_poll(polled({broken})));
  EXPECT_EQ(last().flag, Flag::kInvalid);
  EXPECT_EQ(last().value, std::nullopt);
  EXPECT_EQ(last().reasons.front(), "sentinel:7fff");
}

TEST_F(IngestTest, JudgesPolledReadingsByTheBook) {
  Policy policy;
  policy.site = "silo-b";
  policy.type = "temperature";
  policy.version = "1771500000000";
  policy.critical.max = "25";
  ingest_.set_book(std::make_shared<PolicyBook>(std::vector<Policy>{policy}));
  ASSERT_TRUE(ingest_.accept_poll(polled({reading("temperature", "28.5", "C", 0)})));
  EXPECT_EQ(last().flag, Flag::kQuarantine);
  EXPECT_THAT(last().reasons, ElementsAre("critical_max:25"));
}

TEST_F(IngestTest, SaysSoWhenAPolledAnswerIsNotCommitted) {
  outbox_.failure = Error{Errc::kFull, "no room"};
  const auto refused = ingest_.accept_poll(polled({reading("temperature", "21.0", "C", 0)}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kFull);
  outbox_.failure.reset();
  EXPECT_FALSE(ingest_.accept_poll(polled({}))) << "nothing was read";
  EXPECT_EQ(count("messages"), 0);
}

}  // namespace
}  // namespace edge
