#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "agent/core/health.h"
#include "protocols/wire/records.h"
#include "tests/support/sync_rig.h"
#include "tests/support/weighings.h"

namespace edge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::all_stored;
using test::html;
using test::no_answer;
using test::results;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Uids = test::FakeSink::Uids;

/// Weighings and tickets on their way to the server.
class SyncDocuments : public test::SyncRig {
 protected:
  wire::Weighing weigh(const std::string& scale = "ws1") {
    auto made = store_->record(test::weighing(clock_.utc_ms(), "38440", scale), {});
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(wire::Weighing{});
  }
  wire::ScaleTicket finish() {
    auto made = store_->finish(0, test::ticket(clock_.utc_ms()), "S1");
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(wire::ScaleTicket{});
  }
  void expect_sums() { EXPECT_TRUE(conservation_of(*store_->audit()).holds()); }
};

TEST_F(SyncDocuments, GoAsTheyAreAndInTheirPlace) {
  const auto before = append(1);
  const wire::Weighing weighing = weigh();
  const auto between = append(1);
  const wire::ScaleTicket ticket = finish();
  run();
  ASSERT_EQ(sink_.submitted.size(), 1U);
  ASSERT_EQ(sink_.submitted[0].size(), 5U);
  EXPECT_EQ(sink_.submitted[0][0], before[0]);
  EXPECT_EQ(sink_.submitted[0][2], weighing.stamp.uid);
  EXPECT_EQ(sink_.submitted[0][3], between[0]);
  EXPECT_EQ(sink_.submitted[0][4], ticket.stamp.uid);
  EXPECT_THAT(sink_.bodies[0], HasSubstr("," + wire::encode(weighing) + ","));
  EXPECT_THAT(sink_.bodies[0], HasSubstr("," + wire::encode(ticket) + "]"));
  EXPECT_THAT(sink_.bodies[0], HasSubstr(R"("role":"genesis")"));
  EXPECT_EQ(totals().sent, 5);
  EXPECT_EQ(totals().last_seq, 5);
  expect_sums();
}

TEST_F(SyncDocuments, KeepTheirEpochWhenSentInALaterOne) {
  const wire::Weighing weighing = weigh();
  ASSERT_TRUE(store_->grant_epoch("4"));
  weigh();
  run();
  EXPECT_THAT(sink_.bodies[0], HasSubstr(R"("gateway":"gw-silo-a","epoch":"4")"));
  EXPECT_THAT(sink_.bodies[0], HasSubstr(R"("uid":")" + weighing.stamp.uid + R"(","seq":2,"epoch":"3")"));
  EXPECT_EQ(totals().sent, 4);
}

TEST_F(SyncDocuments, GoAgainByteForByteAfterTrouble) {
  weigh();
  sink_.next(no_answer());
  step();
  open();
  start();
  run();
  ASSERT_EQ(sink_.submitted.size(), 2U);
  EXPECT_EQ(sink_.submitted[0], sink_.submitted[1]);
  const auto records = [](const std::string& body) { return body.substr(body.find("\"records\"")); };
  EXPECT_EQ(records(sink_.bodies[0]), records(sink_.bodies[1]));
  expect_sums();
}

TEST_F(SyncDocuments, ARefusedOneIsADeadLetterAndGoesAgainFromThere) {
  weigh();
  const wire::ScaleTicket ticket = finish();
  sink_.next([&](const Uids& sent) {
    return results(sent, [&](const std::string& uid) -> std::string {
      if (uid == ticket.stamp.uid)
        return R"("status":"rejected","code":"duplicate_number","field":"number","message":"no")";
      return R"("status":"stored","name":"n")";
    });
  });
  step();
  EXPECT_EQ(totals().dead, 1);
  const DeadLetter letter = store_->dead_letters(10, 0)->at(0);
  EXPECT_EQ(letter.code, "duplicate_number");
  EXPECT_EQ(letter.record, wire::encode(ticket));
  EXPECT_EQ(store_->dead_letter(letter.id)->record, letter.record);
  expect_sums();
  ASSERT_TRUE(store_->requeue(letter.id));
  EXPECT_EQ(store_->list_pending(10, 0)->at(0).document, letter.record);
  run();
  EXPECT_THAT(sink_.submitted.back(), ElementsAre(ticket.stamp.uid));
  EXPECT_EQ(totals().sent, 3);
  expect_sums();
}

TEST_F(SyncDocuments, ARetryWaitsAndComesBackAsItWas) {
  const wire::Weighing weighing = weigh();
  sink_.next([&](const Uids& sent) {
    return results(sent, [&](const std::string& uid) -> std::string {
      return uid == weighing.stamp.uid ? R"("status":"retry","code":"unknown_target")"
                                       : R"("status":"stored","name":"n")";
    });
  });
  step();
  EXPECT_EQ(totals().pending, 1);
  sync_->step();
  EXPECT_EQ(sink_.submitted.size(), 1U) << "it waits";
  run();
  EXPECT_THAT(sink_.bodies.back(), HasSubstr(wire::encode(weighing)));
  EXPECT_EQ(totals().sent, 2);
}

TEST_F(SyncDocuments, OneThatBringsTheServerDownIsGivenUpAfterADay) {
  const wire::Weighing weighing = weigh();
  append(1);
  sink_.otherwise = [&](const Uids& uids) {
    return std::ranges::find(uids, weighing.stamp.uid) == uids.end() ? all_stored(uids) : html(404);
  };
  const std::int64_t begin = clock_.utc_ms();
  while (totals().dead == 0 && clock_.utc_ms() - begin < milliseconds(hours(30)).count()) step();
  EXPECT_GE(clock_.utc_ms() - begin, milliseconds(hours(24)).count());
  EXPECT_EQ(store_->dead_letters(1, 0)->at(0).record, wire::encode(weighing));
  EXPECT_EQ(totals().sent, 2) << "the rest flowed meanwhile";
  expect_sums();
}

TEST_F(SyncDocuments, CountAsTheDeviceTheyComeFrom) {
  append(60, 2);
  for (int n = 0; n < 60; ++n) weigh();
  sink_.otherwise = [&](const Uids& uids) { return test::all_rejected(uids, "unknown_site"); };
  for (int n = 0; n < 20 && state() != "stopped"; ++n) step();
  EXPECT_EQ(code(), "mass_rejection");
  EXPECT_EQ(totals().dead, 0) << "a server's fault makes no dead letters of weighings";
  EXPECT_EQ(totals().pending, 121);
}

}  // namespace
}  // namespace edge
