#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "protocols/record/identity.h"
#include "tests/support/document_rig.h"

namespace edge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WeighingsTest : public test::DocumentRig {};

TEST_F(WeighingsTest, BeginsAScaleWithAGenesisRecord) {
  const wire::Weighing made = record();
  const auto links = chain();
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].role, "genesis");
  EXPECT_EQ(links[0].alibi_seq, 0);
  EXPECT_EQ(links[0].prev_hash, kNoHash);
  EXPECT_EQ(links[0].genesis.has_value(), false) << "a new scale has no epoch before";
  EXPECT_EQ(links[0].value, std::nullopt);
  EXPECT_EQ(links[0].stamp.seq, 1);
  EXPECT_EQ(made.alibi_seq, 1);
  EXPECT_EQ(made.prev_hash, links[0].hash);
  EXPECT_EQ(made.stamp.seq, 2);
  EXPECT_EQ(made.stamp.epoch, "3");
  EXPECT_EQ(made.stamp.uid, uid_of_sequence(kGateway, "3", "weighing", "ws1/1"));
  EXPECT_EQ(made.hash, weighing_hash(wire::link_of(made, kGateway)));
  EXPECT_EQ(wire::encode(*store_->weighing(made.stamp.uid)), wire::encode(made)) << "what was told is what is kept";
  EXPECT_EQ(documents(), 2);
  expect_chain();
}

TEST_F(WeighingsTest, LinksEachToTheOneBeforeAcrossARestart) {
  record("38440");
  open();
  const wire::Weighing second = record("14580");
  EXPECT_EQ(second.alibi_seq, 2);
  EXPECT_EQ(chain().size(), 3U) << "an ordinary restart begins no chain";
  expect_chain();
}

TEST_F(WeighingsTest, NamesTheLastLinkOfTheEpochBefore) {
  record();
  const wire::Weighing last = record();
  ASSERT_TRUE(store_->grant_epoch("4"));
  open();
  const wire::Weighing first = record();
  const auto links = chain();
  ASSERT_EQ(links.size(), 5U);
  const wire::Weighing& genesis = links[3];
  EXPECT_EQ(genesis.role, "genesis");
  EXPECT_EQ(genesis.stamp.epoch, "4");
  ASSERT_TRUE(genesis.genesis);
  EXPECT_EQ(genesis.genesis->epoch, "3");
  EXPECT_EQ(genesis.genesis->alibi_seq, 2);
  EXPECT_EQ(genesis.genesis->hash, last.hash);
  EXPECT_EQ(first.alibi_seq, 1);
  EXPECT_EQ(first.stamp.seq, 2) << "seq begins anew with the epoch";
  expect_chain();
}

TEST_F(WeighingsTest, KeepsAChainForEachScale) {
  record("38440", {}, "ws1");
  record("1200", {}, "ws2");
  const wire::Weighing last = record("14580", {}, "ws1");
  EXPECT_EQ(chain("ws1").size(), 3U);
  EXPECT_EQ(chain("ws2").size(), 2U);
  EXPECT_THAT(chain("ws3"), IsEmpty());
  expect_chain("ws1");
  expect_chain("ws2");
  for (const bool again : {false, true}) {
    if (again) open();
    const auto heads = store_->chain_heads();
    ASSERT_EQ(heads.size(), 2U);
    EXPECT_EQ(heads[0].scale, "ws1");
    EXPECT_EQ(heads[0].epoch, "3");
    EXPECT_EQ(heads[0].seq, 2);
    EXPECT_EQ(heads[0].hash, last.hash);
    EXPECT_EQ(heads[1].seq, 1);
  }
}

TEST_F(WeighingsTest, ListsInTheOrderTheyWereMade) {
  for (int n = 0; n < 5; ++n) record(std::to_string(1000 + n));
  const auto first = *store_->weighings("ws1", 0, 2);
  ASSERT_EQ(first.size(), 2U);
  const auto next = *store_->weighings("ws1", first.back().first, 100);
  ASSERT_EQ(next.size(), 4U);
  EXPECT_EQ(next.front().second.alibi_seq, 2);
  EXPECT_EQ(next.back().second.value, "1004");
  EXPECT_EQ(store_->weighing(std::string(32, 'a')).error().code, Errc::kNotFound);
  EXPECT_EQ(store_->weighing("no uid").error().code, Errc::kNotFound);
}

TEST_F(WeighingsTest, FillsThePassesOfAnOpenTicket) {
  const OpenTicket open = *store_->put(test::open_ticket(clock_.utc_ms()));
  const wire::Weighing first = record("38440", open.id);
  EXPECT_EQ(store_->open_tickets()->at(0).first_weighing, first.stamp.uid);
  EXPECT_EQ(store_->open_tickets()->at(0).second_weighing, "");
  const wire::Weighing second = record("14580", open.id);
  EXPECT_EQ(store_->open_tickets()->at(0).first_weighing, first.stamp.uid);
  EXPECT_EQ(store_->open_tickets()->at(0).second_weighing, second.stamp.uid);
  const auto third = store_->record(test::weighing(clock_.utc_ms()), open.id);
  EXPECT_EQ(third.error().code, Errc::kRefused);
  EXPECT_THAT(third.error().detail, HasSubstr("has both"));
  EXPECT_EQ(chain().size(), 3U) << "a refused one leaves no link";
}

TEST_F(WeighingsTest, RefusesATicketThatIsNotOpenOrOfAnotherScale) {
  const OpenTicket open = *store_->put(test::open_ticket(clock_.utc_ms()));
  EXPECT_EQ(store_->record(test::weighing(clock_.utc_ms()), open.id + 1).error().code, Errc::kRefused);
  EXPECT_EQ(store_->record(test::weighing(clock_.utc_ms(), "1", "ws2"), open.id).error().code, Errc::kRefused);
  EXPECT_THAT(chain("ws1"), IsEmpty());
  EXPECT_THAT(chain("ws2"), IsEmpty());
  EXPECT_EQ(store_->totals().pending, 0);
}

struct Unfit {
  const char* name;
  void (*change)(wire::Weighing&);
};
class UnfitWeighing : public WeighingsTest, public testing::WithParamInterface<Unfit> {};
TEST_P(UnfitWeighing, IsRefusedAndLeavesNothing) {
  wire::Weighing weighing = test::weighing(clock_.utc_ms());
  GetParam().change(weighing);
  EXPECT_EQ(store_->record(weighing, {}).error().code, Errc::kMalformed);
  EXPECT_THAT(chain(), IsEmpty());
  EXPECT_EQ(documents(), 0);
  record();
  expect_chain();
}
INSTANTIATE_TEST_SUITE_P(Fields, UnfitWeighing,
                         testing::Values(Unfit{"NoSite", [](wire::Weighing& w) { w.stamp.site.clear(); }},
                                         Unfit{"NoScale", [](wire::Weighing& w) { w.scale.clear(); }},
                                         Unfit{"AGenesis", [](wire::Weighing& w) { w.role = "genesis"; }},
                                         Unfit{"NoValue", [](wire::Weighing& w) { w.value.reset(); }},
                                         Unfit{"AValueThatIsNoNumber", [](wire::Weighing& w) { w.value = "38,440"; }},
                                         Unfit{"BytesThatAreNoText",
                                               [](wire::Weighing& w) { w.operator_id = "op-\xFF"; }}),
                         [](const auto& given) { return given.param.name; });

TEST_F(WeighingsTest, NobodyCanChangeOrRemoveOne) {
  record();
  store_.reset();
  SQLite::Database db((dir_.path() / "edge.sqlite").string(), SQLite::OPEN_READWRITE);
  EXPECT_THROW(db.exec("UPDATE weighing SET document = '{}'"), SQLite::Exception);
  EXPECT_THROW(db.exec("DELETE FROM weighing"), SQLite::Exception);
}

TEST_F(WeighingsTest, StandsDenselyBetweenReadings) {
  append(2);
  record();
  append(1);
  record();
  const auto rows = pending();
  ASSERT_EQ(rows.size(), 6U);
  std::vector<std::string> kinds;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].id, static_cast<RowId>(i) + 1);
    EXPECT_EQ(rows[i].seq, static_cast<std::int64_t>(i) + 1);
    kinds.push_back(rows[i].observation.type);
  }
  EXPECT_THAT(kinds, ElementsAre("temperature", "temperature", "weighing", "weighing", "temperature", "weighing"));
  EXPECT_EQ(rows[4].observation.uid, uid_of_sequence(kGateway, "3", "observation", "5"));
  EXPECT_EQ(rows[4].observation.raw_sha256, test::row(0, 0, 0).observation.raw_sha256);
  EXPECT_EQ(rows[5].document, wire::encode(chain()[2]));
  EXPECT_EQ(rows[5].observation.device, "ws1");
  EXPECT_EQ(rows[5].observation.value, "38440");
  EXPECT_EQ(rows[5].observation.unit, "kg");
  EXPECT_EQ(rows[5].observation.received_at, clock_.utc_ms());
  EXPECT_EQ(rows[4].document, "");
  EXPECT_EQ(store_->totals().last_seq, 6);
}

TEST_F(WeighingsTest, TheWindowOfUidsKnowsNoDocuments) {
  append(1);
  record();
  append(1);
  const auto recent = *store_->newest(10);
  ASSERT_EQ(recent.size(), 2U);
  EXPECT_EQ(recent[0].device, "bin0-t1");
  EXPECT_EQ(recent[1].device, "bin0-t1");
}

TEST_F(WeighingsTest, OutlivesItsRowInTheOutbox) {
  record();
  std::vector<Outcome> sent(2);
  const auto rows = pending();
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i].id = rows[i].id;
  ASSERT_TRUE(store_->settle(sent, clock_.utc_ms()));
  clock_.advance(std::chrono::hours(24 * 8));
  EXPECT_THAT(pending(), IsEmpty());
  EXPECT_EQ(store_->size().rows, 0) << "purged like any other";
  open();
  EXPECT_EQ(record().alibi_seq, 2);
  EXPECT_EQ(documents(), 3);
  EXPECT_EQ(store_->totals().last_seq, 3);
  expect_chain();
}

TEST_F(WeighingsTest, CountsBesideReadingsThatStandInTheirTallies) {
  const Counters one{{"messages", 1}, {"decoded", 1}, {"readings", 1}};
  for (int n = 0; n < 3; ++n) {
    NewObservation row = test::row(n, clock_.utc_ms());
    ASSERT_TRUE(store_->append({&row, 1}, one));
    record();
    row = test::row(n, clock_.utc_ms());
    ASSERT_TRUE(store_->append({&row, 1}, one));
  }
  for (const bool again : {false, true}) {
    if (again) open();
    EXPECT_EQ(store_->counters().at("readings"), 6);
    EXPECT_EQ(documents(), 4);
    EXPECT_EQ(store_->audit()->totals.pending, 10);
  }
}

TEST_F(WeighingsTest, WorksWhereEveryCommitIsSynced) {
  open(SyncLevel::kEachCommit);
  const OpenTicket open_one = *store_->put(test::open_ticket(clock_.utc_ms()));
  record("38440", open_one.id);
  record("14580", open_one.id);
  EXPECT_EQ(finish(open_one.id, test::ticket(clock_.utc_ms())).number, "silo-a-S1-3-000001");
  EXPECT_EQ(store_->chain_heads().at(0).seq, 2);
  open(SyncLevel::kEachCommit);
  EXPECT_EQ(chain().size(), 3U);
  expect_chain();
}

TEST_F(WeighingsTest, BeginsAnewBesideACorruptFile) {
  record();
  store_.reset();
  std::filesystem::resize_file(dir_.path() / "edge.sqlite", 0);
  std::ofstream(dir_.path() / "edge.sqlite") << std::string(4096, 'x');
  open();
  const wire::Weighing made = record();
  EXPECT_EQ(made.stamp.epoch, store_->identity().epoch);
  EXPECT_EQ(made.stamp.epoch.front(), 'p');
  EXPECT_EQ(chain().front().genesis.has_value(), false) << "nothing is known of the epoch before";
  expect_chain();
}

}  // namespace
}  // namespace edge
