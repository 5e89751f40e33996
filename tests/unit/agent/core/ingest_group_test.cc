#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/core/ingest.h"
#include "agent/ports/journal.h"
#include "tests/support/fake_clock.h"
#include "tests/support/ingest_rules.h"
#include "tests/support/memory_outbox.h"

namespace edge {
namespace {

using test::FakeClock;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr const char* kTopic = "yam/silo-a/bin3-t1/observation";

std::string content(int value) {
  return R"({"metric":"temperature","value":)" + std::to_string(value) + R"(,"unit":"C","ts":"2026-02-23T10:00:00Z"})";
}

/// Notes how many rows came with each call, and how long ago they were acknowledged.
class GroupOutbox : public test::MemoryOutbox {
 public:
  Result<void> append(std::span<NewObservation> added, const Counters& add) override {
    sizes.push_back(added.size());
    return test::MemoryOutbox::append(added, add);
  }
  Result<void> append_acknowledged(std::span<NewObservation> added, const Counters& add, std::int64_t ago) override {
    agos.push_back(ago);
    return append(added, add);
  }
  std::vector<std::size_t> sizes;
  std::vector<std::int64_t> agos;
};

class IngestGroupTest : public testing::Test {
 protected:
  ArrivedMessage& put(std::string payload, std::uint16_t packet = 0, bool dup = false) {
    ArrivedMessage message;
    message.topic = kTopic;
    message.payload = std::move(payload);
    message.packet_id = packet;
    message.duplicate = dup;
    message.at = {FakeClock::kStart - 50, clock_.mono_ms() - 50, ClockState::kUnsynced, "0badcafe"};
    message.number = ++number_;
    return messages_.emplace_back(std::move(message));
  }
  Result<void> take() { return ingest_.accept_group(std::exchange(messages_, {})); }
  std::vector<std::pair<std::string, std::int64_t>> totals() const {
    return {outbox_.totals.begin(), outbox_.totals.end()};
  }

  FakeClock clock_;
  GroupOutbox outbox_;
  Ingest ingest_{outbox_, clock_, test::site_rules()};
  std::vector<ArrivedMessage> messages_;
  std::uint64_t number_ = 0;
};

TEST_F(IngestGroupTest, CommitsAllInOneWithHowFarItGotInTheJournal) {
  put(content(1));
  put("no json");
  put(R"([{"metric":"a","value":1},{"metric":"b","value":2}])");
  put(content(2)).topic = "nobody/reads/this";
  put(content(3)).retained = true;
  ASSERT_TRUE(take());
  EXPECT_THAT(outbox_.sizes, ElementsAre(5));
  EXPECT_THAT(outbox_.agos, ElementsAre(50));
  EXPECT_THAT(totals(), UnorderedElementsAre(Pair("messages", 5), Pair("decoded", 3), Pair("undecodable", 1),
                                             Pair("readings", 5), Pair("ignored.no_topic", 1), Pair("journal", 5)));
  const Observation& first = outbox_.rows[0].observation;
  EXPECT_EQ(first.received_at, FakeClock::kStart - 50) << "when it came, not when it is committed";
  EXPECT_EQ(first.mono_ms, clock_.mono_ms() - 50);
  EXPECT_EQ(first.boot, "0badcafe");
  EXPECT_EQ(first.clock, ClockState::kUnsynced);
}

TEST_F(IngestGroupTest, OneUsualMessageCostsTheUsualCounters) {
  for (int n = 1; n <= 2; ++n) {
    put(content(n));
    ASSERT_TRUE(take());
  }
  EXPECT_THAT(totals(), UnorderedElementsAre(Pair("messages", 2), Pair("decoded", 2), Pair("readings", 2),
                                             Pair("journal", 2)));
}

TEST_F(IngestGroupTest, KnowsADuplicateWithinTheGroup) {
  put(content(1), 1);
  put(content(2), 2);
  put(content(1), 3);
  put(R"({"metric":"temperature","value":7})", 4);
  put(R"({"metric":"temperature","value":7})", 4, true);
  put(R"({"metric":"temperature","value":7})", 5);
  ASSERT_TRUE(take());
  EXPECT_EQ(outbox_.rows.size(), 4U);
  EXPECT_THAT(totals(), UnorderedElementsAre(Pair("messages", 6), Pair("decoded", 4), Pair("readings", 4),
                                             Pair("duplicate", 2), Pair("journal", 6)));
}

TEST_F(IngestGroupTest, ReadingsOfOneMessageAreNoDuplicatesOfEachOther) {
  put(R"([{"metric":"a","value":1},{"metric":"a","value":1}])");
  put(R"([{"metric":"a","value":1},{"metric":"a","value":1}])");
  ASSERT_TRUE(take());
  EXPECT_EQ(outbox_.rows.size(), 4U);
}

TEST_F(IngestGroupTest, GoesOnWhereTheStoreIsInTheJournal) {
  outbox_.totals["journal"] = 40;
  ASSERT_TRUE(ingest_.warm());
  number_ = 47;  // seven went with a store that is gone
  put(content(1));
  ASSERT_TRUE(take());
  EXPECT_EQ(journal_position(outbox_.totals), 48);
  number_ = 12;  // of a journal that is older than the store
  put(content(2));
  ASSERT_TRUE(take());
  EXPECT_EQ(journal_position(outbox_.totals), 48) << "never back";
}

TEST_F(IngestGroupTest, AFailureTakesNothingOfTheGroup) {
  outbox_.failure = Error{Errc::kFull, "full"};
  put(content(1), 1);
  put(content(2), 2);
  const auto again = messages_;
  EXPECT_FALSE(take());
  outbox_.failure.reset();
  ASSERT_TRUE(ingest_.accept_group(again));
  EXPECT_EQ(outbox_.rows.size(), 2U) << "not taken for duplicates of themselves";
  EXPECT_EQ(journal_position(outbox_.totals), 2);
}

}  // namespace
}  // namespace edge
