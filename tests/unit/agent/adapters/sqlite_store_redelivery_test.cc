#include <gmock/gmock.h>

#include <set>

#include "agent/core/ingest.h"
#include "tests/unit/agent/adapters/salvage_rig.h"

namespace edge {
namespace {

/// Messages without an identity of their own, through intake to a store that is then damaged.
class RedeliveryTest : public test::SalvageRig {
 protected:
  static IngestRules rules() {
    IngestRules all;
    all.gateway = kGateway;
    all.default_site = "silo-a";
    all.topics.push_back({*TopicPattern::parse("yam/{site}/{device}/observation"), {}});
    return all;
  }
  static std::string payload(int number) {
    return R"({"metric":"temperature","value":28.5,"unit":"C","n":)" + std::to_string(number) + "}";
  }
  void send(Ingest& ingest, int number, bool dup) {
    InboundMessage message;
    const std::string text = payload(number);
    message.topic = "yam/silo-a/bin3-t1/observation";
    message.payload = text;
    message.packet_id = static_cast<std::uint16_t>(number % 65'535 + 1);
    message.duplicate = dup;
    const auto taken = ingest.accept(message);
    ASSERT_TRUE(taken) << taken.error().detail;
  }
  std::int64_t count(const char* name) const {
    const auto sums = store_->counters();
    const auto at = sums.find(name);
    return at == sums.end() ? 0 : at->second;
  }
  /// 60 rows the server has, 140 that wait; all of them acknowledged.
  void fill() {
    Ingest ingest(*store_, clock_, rules());
    for (int n = 0; n < 60; ++n) send(ingest, n, false);
    settle_all();
    for (int n = 60; n < 200; ++n) send(ingest, n, false);
    const auto rows = store_->newest(200);
    ASSERT_TRUE(rows);
    for (const RecentUid& row : *rows) uids_.insert(row.uid);
  }
  /// What the broker sends again right after the start.
  void expect_each_known_once() {
    Ingest ingest(*store_, clock_, rules());
    ASSERT_TRUE(ingest.warm());
    for (int n = 0; n < 200; ++n) send(ingest, n, true);
    EXPECT_EQ(count("duplicate"), 200);
    wait_upkeep();
    std::multimap<std::string, std::string> delivered;
    ASSERT_TRUE(deliver(delivered));
    EXPECT_GE(delivered.size(), 140U);
    for (const auto& [uid, json] : delivered) {
      EXPECT_EQ(delivered.count(uid), 1U);
      EXPECT_TRUE(uids_.contains(uid)) << "no reading under a second uid: " << json;
    }
    send(ingest, 7, false);
    EXPECT_EQ(count("decoded"), 1) << "no redelivery: the same reading again";
  }
  std::set<std::string> uids_;  ///< of the first deliveries
};

TEST_F(RedeliveryTest, OfRowsInAStoreThatWasSetAsideIsKnownFromTheStartOn) {
  fill();
  kill();
  std::ofstream(dir_.path() / "suspect") << "seen by a test\n";
  open();
  expect_each_known_once();
}

TEST_F(RedeliveryTest, IsKnownWhereSqliteCannotReadTheStoreAnyMore) {
  fill();
  ASSERT_TRUE(store_->flush());
  kill();
  overwrite(0, std::string(1024, '\0'));
  open();
  ASSERT_EQ(store_->identity().reason, "corrupt");
  expect_each_known_once();
}

}  // namespace
}  // namespace edge
