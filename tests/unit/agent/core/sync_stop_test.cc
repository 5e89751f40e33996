#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "agent/core/rejection_watch.h"
#include "tests/support/sync_rig.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using test::all_rejected;
using test::all_stored;
using test::html;
using test::refusal;
using test::results;
using testing::ElementsAre;
using Uids = test::FakeSink::Uids;

using SyncStop = test::SyncRig;

struct Turned {
  const char* name;
  Reply reply;
  const char* code;
};
class SyncTurnedAway : public SyncStop, public testing::WithParamInterface<Turned> {};
TEST_P(SyncTurnedAway, StopsKeepsAllAndProbes) {
  append(300);
  sink_.otherwise = [](const Uids&) { return GetParam().reply; };
  step();
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(code(), GetParam().code);
  EXPECT_EQ(totals().pending, 300);
  milliseconds longest{0};
  for (int n = 0; n < 40; ++n) longest = std::max(longest, step());
  EXPECT_LE(longest, milliseconds{300'000});
  EXPECT_GT(longest, milliseconds{60'000});
  EXPECT_EQ(totals().pending, 300);
  EXPECT_EQ(totals().dead, 0);
  EXPECT_EQ(sizes().front(), 300U);
  for (std::size_t n = 1; n < sizes().size(); ++n) EXPECT_EQ(sizes()[n], 100U) << "a probe; never bisected";
  EXPECT_EQ(state(), "stopped");
  sink_.otherwise = nullptr;
  sync_->poke();
  EXPECT_EQ(sync_->step(), milliseconds{0}) << "SIGHUP: now";
  EXPECT_EQ(totals().sent, 100);
  run();
  EXPECT_EQ(totals().sent, 300);
  step();
  EXPECT_EQ(state(), "idle");
}
INSTANTIATE_TEST_SUITE_P(Replies, SyncTurnedAway,
                         testing::Values(Turned{"Unauthorized", html(401), "unauthorized"},
                                         Turned{"ForbiddenByAProxy", html(403), "http_403"},
                                         Turned{"Revoked", refusal(403, "revoked"), "revoked"},
                                         Turned{"Expired", refusal(403, "expired"), "expired"},
                                         Turned{"Disabled", refusal(403, "gateway_disabled"), "gateway_disabled"},
                                         Turned{"Fenced", refusal(403, "fenced"), "fenced"},
                                         Turned{"Held", refusal(403, "held"), "held"}),
                         [](const auto& given) { return given.param.name; });

TEST_F(SyncStop, WhatAProbeIsRefusedStaysPending) {
  append(5);
  sink_.next(html(401));
  step();
  sink_.next([](const Uids& uids) { return all_rejected(uids, "unknown_site"); });
  sync_->poke();
  sync_->step();
  EXPECT_EQ(totals().dead, 0);
  EXPECT_EQ(totals().pending, 5);
  EXPECT_EQ(state(), "sending") << "let in again: the stop is over";
  sink_.next([](const Uids& uids) { return all_rejected(uids, "unknown_site"); });
  run();
  EXPECT_EQ(totals().dead, 5);
}

TEST_F(SyncStop, AProbeTakesWhatWasPutOffToo) {
  const auto uids = append(2);
  sink_.next([](const Uids& sent) {
    return results(sent, [](const std::string&) { return R"("status":"retry","code":"server_error")"; });
  });
  step();
  append(1);
  sink_.next(html(401));
  run(3);
  sync_->poke();
  sync_->step();
  EXPECT_THAT(sink_.submitted.back(), testing::Contains(uids[0]));
}

TEST_F(SyncStop, ABadRecordInTheProbeDoesNotKeepItStopped) {
  const auto uids = append(50);
  sink_.next(html(401));
  step();
  sink_.otherwise = [&](const Uids& sent) {
    return std::ranges::find(sent, uids[7]) == sent.end() ? all_stored(sent) : refusal(400, "malformed");
  };
  run();
  EXPECT_EQ(totals().sent, 49);
  EXPECT_EQ(totals().dead, 1);
}

TEST_F(SyncStop, AServersFaultDoesNotDrainTheStore) {
  append(1000, 10);
  sink_.otherwise = [](const Uids& uids) { return all_rejected(uids, "unknown_site"); };
  step();
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(code(), "mass_rejection");
  EXPECT_EQ(totals().dead, 0) << "before a single one is set aside";
  EXPECT_EQ(totals().pending, 1000);
  for (int n = 0; n < 20; ++n) step();
  EXPECT_EQ(totals().dead, 0);
  EXPECT_EQ(sizes().back(), 100U);
  // Fixed for four devices of ten: not yet.
  sink_.otherwise = [n = 0](const Uids& uids) mutable {
    return results(uids, [&n](const std::string&) -> std::string {
      return n++ % 10 < 4 ? R"("status":"stored","name":"n")" : R"("status":"rejected","code":"unknown_site")";
    });
  };
  sync_->poke();
  sync_->step();
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(totals().sent, 40);
  EXPECT_EQ(totals().dead, 0);
  sink_.otherwise = nullptr;
  sync_->poke();
  sync_->step();
  EXPECT_EQ(state(), "sending");
  run();
  EXPECT_EQ(totals().sent, 1000);
}

TEST_F(SyncStop, OneBadDeviceIsNoMassRejection) {
  append(1000, 3);
  sink_.otherwise = [n = 0](const Uids& uids) mutable {
    return results(uids, [&n](const std::string&) -> std::string {
      return n++ % 3 == 0 ? R"("status":"rejected","code":"unknown_site")" : R"("status":"stored","name":"n")";
    });
  };
  run();
  EXPECT_EQ(totals().dead, 334);
  EXPECT_EQ(totals().sent, 666);
}

TEST_F(SyncStop, RefusingRecordAfterRecordIsAMassRejectionToo) {
  append(600, 10);
  sink_.otherwise = [](const Uids&) { return refusal(400, "unsupported_version"); };
  for (int n = 0; n < 400 && state() != "stopped"; ++n) {
    (void)sync_->step();
    sync_->poke();
  }
  EXPECT_EQ(code(), "mass_rejection");
  EXPECT_LT(totals().dead, 100);
  sink_.otherwise = nullptr;
  sync_->poke();
  run();
  EXPECT_EQ(totals().pending, 0);
}

TEST(RejectionWatch, NeedsRecordsShareAndDevices) {
  const auto watch_of = [](int taken, int rejected, int devices_rejected) {
    RejectionWatch watch;
    for (int n = 0; n < taken; ++n) watch.add(0, "s", "ok" + std::to_string(n % 10), "");
    for (int n = 0; n < rejected; ++n) watch.add(0, "s", "bad" + std::to_string(n % devices_rejected), "code");
    return watch.tripped(0).has_value();
  };
  EXPECT_TRUE(watch_of(0, 100, 1));
  EXPECT_FALSE(watch_of(0, 99, 1)) << "too few";
  EXPECT_FALSE(watch_of(100, 100, 20)) << "half is not more than half";
  EXPECT_TRUE(watch_of(100, 101, 20));
  EXPECT_FALSE(watch_of(100, 200, 10)) << "half of the devices is not more than half";
  EXPECT_TRUE(watch_of(100, 200, 11));
}

TEST(RejectionWatch, TwoCodesAreNotOne) {
  RejectionWatch watch;
  for (int n = 0; n < 100; ++n) watch.add(0, "s", "d", n % 2 == 0 ? "a" : "b");
  EXPECT_FALSE(watch.tripped(0));
}

TEST(RejectionWatch, AFloodOfMadeUpNamesStaysSmallAndIsStillSeen) {
  RejectionWatch watch;
  for (int n = 0; n < 100'000; ++n) {
    const std::string name = std::to_string(n);
    watch.add(n / 10, "silo-a", "made-up-" + name, n % 2 == 0 ? "unknown_site" : "code-" + name);
  }
  EXPECT_LT(watch.names(), 1'000U);
  EXPECT_EQ(watch.tripped(10'000), std::nullopt) << "half is not more than half";
  for (int n = 0; n < 1'000; ++n) watch.add(10'000, "silo-a", "more-" + std::to_string(n), "unknown_site");
  EXPECT_EQ(watch.tripped(10'000), "unknown_site");
}

TEST(RejectionWatch, ForgetsAfterFiveMinutes) {
  RejectionWatch watch;
  for (int n = 0; n < 100; ++n) watch.add(0, "s", "d", "a");
  EXPECT_TRUE(watch.tripped(299'999));
  EXPECT_FALSE(watch.tripped(300'000));
}

}  // namespace
}  // namespace edge
