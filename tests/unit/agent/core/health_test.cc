#include "agent/core/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace edge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

HealthFacts sound() {
  HealthFacts facts;
  facts.audit.counters = {{"messages", 10}, {"decoded", 6},           {"undecodable", 1},
                          {"duplicate", 1}, {"ignored.no_topic", 1},  {"ignored.retained", 1},
                          {"readings", 9},  {"readings.duplicate", 2}};
  facts.audit.totals.sent = 4;
  facts.audit.totals.pending = 2;
  facts.audit.totals.dead = 1;
  facts.identity.epoch = "3";
  facts.sync.state = "idle";
  facts.sources = {{"mqtt", "up", 0, ""}};
  return facts;
}

std::vector<std::string> codes(const Health& health) {
  std::vector<std::string> all;
  for (const HealthReason& reason : health.reasons) all.push_back(reason.code);
  return all;
}

TEST(Conservation, AddsUpBothSides) {
  const Conservation sums = conservation_of(sound().audit);
  EXPECT_EQ(sums.messages, 10);
  EXPECT_EQ(sums.messages_accounted, 10);
  EXPECT_EQ(sums.readings, 9);
  EXPECT_EQ(sums.readings_accounted, 9);
  EXPECT_TRUE(sums.holds());
}

TEST(Conservation, CountsDocumentsAmongTheRows) {
  Audit audit = sound().audit;
  audit.counters["documents"] = 3;
  audit.totals.sent += 2;
  EXPECT_FALSE(conservation_of(audit).holds()) << "one of them is neither sent nor waiting";
  ++audit.totals.pending;
  EXPECT_TRUE(conservation_of(audit).holds());
}

TEST(Conservation, WhatWasFoldedThinnedOrSuppressedIsAccountedFor) {
  Audit audit = sound().audit;
  audit.counters["readings"] += 10;
  EXPECT_FALSE(conservation_of(audit).holds());
  audit.counters["folded"] = 3;
  audit.counters["thinned.ok"] = 4;
  audit.counters["thinned.dead_letter"] = 2;
  audit.counters["suppressed.policy"] = 1;
  EXPECT_TRUE(conservation_of(audit).holds());
}

TEST(Conservation, CountersOfANameAndBelow) {
  const Counters counters{{"ignored", 1}, {"ignored.a", 2}, {"ignored_not", 4}, {"ignored.b", 8}};
  EXPECT_EQ(counter_sum(counters, "ignored"), 11);
  EXPECT_EQ(counter_sum(counters, "nothing"), 0);
}

TEST(Health, TellsOfAServerThatLostRecords) {
  HealthFacts facts = sound();
  facts.audit.totals.dead = 0;
  facts.audit.totals.sent += 1;
  EXPECT_THAT(judge_health(facts).reasons, IsEmpty());
  facts.server_lacks = 700;
  const Health health = judge_health(facts);
  ASSERT_THAT(codes(health), ElementsAre("server_behind"));
  EXPECT_NE(health.reasons[0].text.find("lacks 700 records"), std::string::npos);
  EXPECT_NE(health.reasons[0].text.find("run edge-agent reconcile"), std::string::npos);
  EXPECT_TRUE(health.healthy && health.ready);
}

TEST(Health, WarnsFourteenDaysBeforeTheServersCertificateEnds) {
  constexpr std::int64_t kDay = 86'400'000;
  HealthFacts facts = sound();
  facts.now = 1'771'840'801'000;
  const auto reason = [&](std::int64_t left) {
    facts.certificate_expires = facts.now + left;
    for (const HealthReason& each : judge_health(facts).reasons)
      if (each.code == "server_certificate") return each.text;
    return std::string();
  };
  EXPECT_EQ(reason(14 * kDay), "");
  EXPECT_NE(reason(14 * kDay - 1).find("ends 2026-03-09T"), std::string::npos);
  EXPECT_NE(reason(0).find("ended 2026-02-23T"), std::string::npos);
}

TEST(Health, IsFineAndSaysWhatWaitsForAPerson) {
  const Health health = judge_health(sound());
  EXPECT_TRUE(health.healthy);
  EXPECT_TRUE(health.ready);
  EXPECT_THAT(codes(health), ElementsAre("dead_letters"));
}

struct Case {
  const char* name;
  void (*change)(HealthFacts&);
  bool healthy, ready;
  const char* code;
};
class HealthOf : public testing::TestWithParam<Case> {};
TEST_P(HealthOf, ThisChange) {
  HealthFacts facts = sound();
  GetParam().change(facts);
  const Health health = judge_health(facts);
  EXPECT_EQ(health.healthy, GetParam().healthy);
  EXPECT_EQ(health.ready, GetParam().ready);
  EXPECT_THAT(codes(health), testing::Contains(GetParam().code));
}
INSTANTIATE_TEST_SUITE_P(
    Changes, HealthOf,
    testing::Values(
        Case{"ARowVanished", [](HealthFacts& f) { --f.audit.totals.pending; }, false, true, "conservation"},
        Case{"AMessageVanished", [](HealthFacts& f) { ++f.audit.counters["messages"]; }, false, true, "conservation"},
        Case{"SyncFailed", [](HealthFacts& f) { f.size.failure = "EIO"; }, false, false, "store_failed"},
        Case{"DiskFull", [](HealthFacts& f) { f.accepting = false, f.size.disk_short = true; }, true, false, "disk_full"},
        Case{"StoreFull", [](HealthFacts& f) { f.accepting = false; }, true, false, "store_full"},
        Case{"SourceDown", [](HealthFacts& f) { f.sources[0].state = "down"; }, true, false, "source_down"},
        Case{"SourcePaused", [](HealthFacts& f) { f.sources[0].state = "paused"; }, true, true, "dead_letters"},
        Case{"TurnedAway", [](HealthFacts& f) { f.sync = {"stopped", "words", "revoked", 0, 0, 0, 0}; }, false, true,
             "revoked"},
        Case{"Offline", [](HealthFacts& f) { f.sync = {"waiting", "words", "unreachable", 0, 0, 0, 0}; }, true, true,
             "unreachable"},
        Case{"NewStore", [](HealthFacts& f) { f.identity = {"p1", true, "new_store", "", "", 0, ""}; }, true, true,
             "provisional_epoch"},
        Case{"CorruptStore", [](HealthFacts& f) { f.identity = {"p1", true, "corrupt", "", "", 0, ""}; }, false, true,
             "provisional_epoch"},
        Case{"CorruptOnceKept", [](HealthFacts& f) { f.identity.corrupt_kept_in = "/x"; }, true, true, "corrupt_kept"},
        Case{"NoTimeSource", [](HealthFacts& f) { f.clock = ClockState::kUnsynced; }, true, true, "clock_unsynced"}),
    [](const auto& given) { return given.param.name; });

TEST(Health, PutsTheHeaviestFirst) {
  HealthFacts facts = sound();
  facts.accepting = false;
  facts.size.failure = "EIO";
  EXPECT_THAT(codes(judge_health(facts)), ElementsAre("store_failed", "store_full", "dead_letters"));
}

}  // namespace
}  // namespace edge
