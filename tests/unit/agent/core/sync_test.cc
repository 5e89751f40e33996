#include "agent/core/sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "protocols/wire/batch.h"
#include "tests/support/sync_rig.h"

namespace edge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::all_rejected;
using test::all_stored;
using test::FakeClock;
using test::html;
using test::no_answer;
using test::refusal;
using test::results;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Uids = test::FakeSink::Uids;

class SyncTest : public test::SyncRig {
 protected:
  /// The server cannot read any request that names `bad`.
  void choke_on(const std::string& bad, const Reply& reply) {
    sink_.otherwise = [bad, reply](const Uids& uids) {
      return std::ranges::find(uids, bad) == uids.end() ? all_stored(uids) : reply;
    };
  }
};

TEST_F(SyncTest, SendsWhatIsPendingInOrder) {
  const auto uids = append(3);
  EXPECT_EQ(sync_->status().state, "idle");
  run();
  ASSERT_EQ(sink_.submitted.size(), 1U);
  EXPECT_EQ(sink_.submitted[0], uids);
  EXPECT_THAT(sink_.bodies[0], HasSubstr(R"("gateway":"gw-silo-a","epoch":"3")"));
  EXPECT_EQ(totals().sent, 3);
  EXPECT_EQ(totals().pending, 0);
  EXPECT_EQ(sync_->status().last_success_at, FakeClock::kStart);
  EXPECT_EQ(sync_->announced_config_version(), "v1");
  EXPECT_EQ(sync_->clock_offset_ms(), 1771840801210 - FakeClock::kStart);
  step();
  EXPECT_EQ(state(), "idle");
  EXPECT_EQ(sink_.submitted.size(), 1U);
}

TEST_F(SyncTest, NamesTheEpochOfRowsFromAnEarlierOne) {
  append(1);
  ASSERT_TRUE(store_->grant_epoch("4"));
  append(1);
  run();
  ASSERT_EQ(sink_.bodies.size(), 1U);
  const std::string records = sink_.bodies[0].substr(sink_.bodies[0].find("\"records\""));
  EXPECT_THAT(sink_.bodies[0], HasSubstr(R"("epoch":"4")"));
  EXPECT_THAT(records, HasSubstr(R"("epoch":"3")"));
  EXPECT_THAT(records, Not(HasSubstr(R"("epoch":"4")")));
}

TEST_F(SyncTest, KeepsBothLimitsOfARequest) {
  auto large = test::rows(600, clock_.utc_ms());
  for (auto& row : large) row.observation.raw = std::string(4000, 'x');
  ASSERT_TRUE(store_->append(large, {}));
  append(600);
  run();
  std::size_t total = 0;
  for (const std::string& body : sink_.bodies) EXPECT_LE(body.size(), wire::kBatchBytes);
  for (const std::size_t size : sizes()) {
    EXPECT_LE(size, 500U);
    total += size;
  }
  EXPECT_EQ(total, 1200U) << "each once";
  EXPECT_GT(sizes().front(), 200U) << "as full as allowed";
}

TEST_F(SyncTest, TreatsEachRecordByItsOwnResult) {
  const auto uids = append(5);
  sink_.next([&](const Uids& sent) {
    return results(sent, [&](const std::string& uid) -> std::string {
      if (uid == uids[0]) return R"("status":"duplicate","name":"n")";
      if (uid == uids[1]) return R"("status":"rejected","code":"unknown_site","field":"site","message":"no such site")";
      if (uid == uids[2]) return R"("status":"conflict","name":"n")";
      if (uid == uids[3]) return R"("status":"retry","code":"server_error")";
      return R"("status":"stored","name":"n")";
    });
  });
  step();
  EXPECT_EQ(totals().sent, 2);
  EXPECT_EQ(totals().dead, 2);
  EXPECT_EQ(totals().pending, 1);
  const auto letters = *store_->dead_letters(10, 0);
  EXPECT_EQ(letters[0].status, "rejected");
  EXPECT_EQ(letters[0].code, "unknown_site");
  EXPECT_EQ(letters[0].message, "no such site");
  EXPECT_EQ(letters[1].status, "conflict");
  EXPECT_EQ(letters[1].code, "conflict");
  sync_->step();
  EXPECT_EQ(sink_.submitted.size(), 1U) << "a retry waits";
  run();
  EXPECT_THAT(sink_.submitted.back(), ElementsAre(uids[3]));
  EXPECT_EQ(totals().sent, 3);
}

TEST_F(SyncTest, BacksOffWhenEverythingIsToBeRetried) {
  append(2000);
  sink_.otherwise = [](const Uids& uids) {
    return results(uids, [](const std::string&) { return R"("status":"retry","code":"server_error")"; });
  };
  step();
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(code(), "retry");
  EXPECT_EQ(sink_.submitted.size(), 1U);
  sink_.otherwise = nullptr;
  run(1000);
  EXPECT_EQ(totals().sent, 2000);
}

struct Trouble {
  const char* name;
  Reply reply;
  const char* code;
};
class SyncTrouble : public SyncTest, public testing::WithParamInterface<Trouble> {};
TEST_P(SyncTrouble, SettlesNothingHalvesAndSendsTheSameUidsLater) {
  const auto uids = append(400);
  sink_.next(GetParam().reply);
  sink_.next(GetParam().reply);
  const auto wait = sync_->step();
  EXPECT_GE(wait, milliseconds{1});
  EXPECT_LE(wait, milliseconds{1'000}) << "full jitter within the first bound";
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(code(), GetParam().code);
  EXPECT_EQ(totals().pending, 400);
  EXPECT_EQ(totals().dead, 0);
  EXPECT_EQ(sync_->step(), wait) << "one retry timer";
  EXPECT_EQ(sink_.submitted.size(), 1U);
  clock_.advance(wait);
  const auto second = sync_->step();
  EXPECT_LE(second, milliseconds{2'000});
  clock_.advance(second);
  run();
  const auto sent = sizes();
  ASSERT_GE(sent.size(), 3U);
  EXPECT_THAT(std::vector(sent.begin(), sent.begin() + 3), ElementsAre(400U, 200U, 100U));
  EXPECT_EQ(sink_.submitted[1], Uids(uids.begin(), uids.begin() + 200));
  EXPECT_EQ(totals().sent, 400);
  EXPECT_EQ(sync_->status().retries, 2);
}
Reply of_other_uids() { return all_stored({std::string(32, 'a')}); }
INSTANTIATE_TEST_SUITE_P(
    Replies, SyncTrouble,
    testing::Values(Trouble{"NoAnswer", no_answer(), "unreachable"},
                    Trouble{"CutAnswer", Reply{200, R"({"message":{"resu)", {}, "connection cut"}, "unreadable"},
                    Trouble{"HalfJson", Reply{200, R"({"message":{"resu)", {}, {}}, "unreadable"},
                    Trouble{"LoginPage", html(200), "unreadable"}, Trouble{"Redirect", html(302), "http_302"},
                    Trouble{"OtherUids", of_other_uids(), "unreadable"}, Trouble{"Http500", html(500), "http_500"},
                    Trouble{"Http502", html(502), "http_502"}, Trouble{"Http503OfAProxy", html(503), "http_503"},
                    Trouble{"Http504", html(504), "http_504"}, Trouble{"Http413OfAProxy", html(413), "http_413"},
                    Trouble{"Http429OfAProxy", html(429), "http_429"},
                    Trouble{"Http400OfAProxy", html(400), "http_400"}, Trouble{"Http409", html(409), "http_409"}),
    [](const auto& given) { return given.param.name; });

TEST_F(SyncTest, AnAnswerThatLacksOneResultIsUnreadable) {
  append(3);
  sink_.next([](const Uids& uids) { return all_stored({uids[0], uids[1]}); });
  step();
  EXPECT_EQ(code(), "unreadable");
  EXPECT_EQ(totals().pending, 3);
  sink_.next([](const Uids& uids) { return all_stored(Uids(uids.rbegin(), uids.rend())); });
  sync_->poke();
  step();
  EXPECT_EQ(totals().pending, 3 - (sink_.submitted.back().size() == 1 ? 1 : 0));
}

TEST_F(SyncTest, WaitsNoLongerThanTheLongestBackoff) {
  append(1);
  sink_.otherwise = [](const Uids&) { return no_answer(); };
  milliseconds longest{0};
  for (int n = 0; n < 200; ++n) longest = std::max(longest, step());
  EXPECT_LE(longest, milliseconds{60'000});
  EXPECT_GT(longest, milliseconds{30'000});
  EXPECT_EQ(totals().pending, 1);
}

TEST_F(SyncTest, GrowsAgainAfterTrouble) {
  append(3000);
  for (int n = 0; n < 10; ++n) sink_.next(no_answer());
  run();
  EXPECT_EQ(totals().sent, 3000);
  const auto sent = sizes();
  EXPECT_EQ(*std::max_element(sent.begin() + 10, sent.end()), 500U);
}

TEST_F(SyncTest, PokeEndsAWait) {
  append(1);
  sink_.next(no_answer());
  sync_->step();
  EXPECT_GT(sync_->step(), milliseconds{0});
  sync_->poke();
  sync_->step();
  EXPECT_EQ(totals().sent, 1);
}

TEST_F(SyncTest, WaitsAsLongAsTheServerSays) {
  append(1);
  Reply slow = refusal(429, "rate_limited");
  slow.retry_after_s = 17;
  sink_.next(slow);
  EXPECT_EQ(step(), seconds{17});
  EXPECT_EQ(code(), "rate_limited");
  slow.retry_after_s = 1'000'000;
  sink_.next(slow);
  EXPECT_EQ(step(), hours{1}) << "a proxy's slip must not silence us";
  run();
  EXPECT_EQ(totals().sent, 1);
}

TEST_F(SyncTest, NotReadyKeepsTheBatchWhole) {
  append(400);
  sink_.next(refusal(503, "not_ready"));
  step();
  EXPECT_EQ(code(), "not_ready");
  run();
  EXPECT_THAT(sizes(), ElementsAre(400U, 400U));
}

TEST_F(SyncTest, TooLargeHalvesAtOnce) {
  append(400);
  sink_.next(refusal(413, "too_large"));
  EXPECT_EQ(step(), milliseconds{0});
  run();
  EXPECT_EQ(sizes()[1], 200U);
  EXPECT_EQ(totals().sent, 400);
}

TEST_F(SyncTest, FindsTheRecordTheMethodCannotRead) {
  const auto uids = append(500);
  choke_on(uids[321], refusal(400, "malformed"));
  EXPECT_LE(run(), 25);
  EXPECT_EQ(totals().sent, 499);
  const auto letters = *store_->dead_letters(10, 0);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].status, "refused");
  EXPECT_EQ(letters[0].code, "malformed");
  EXPECT_THAT(letters[0].record, HasSubstr(uids[321]));
}

class SyncNotThere : public SyncTest, public testing::WithParamInterface<int> {};
TEST_P(SyncNotThere, AsksForTheConfigurationThenBisects) {
  const auto uids = append(64);
  choke_on(uids[20], html(GetParam()));
  for (int n = 0; n < 20 && totals().sent < 63; ++n) step();
  EXPECT_EQ(sink_.config_asked.size(), 1U) << "once in a bisection";
  EXPECT_EQ(totals().sent, 63);
  EXPECT_EQ(totals().pending, 1);
  EXPECT_EQ(totals().dead, 0);
}
TEST_P(SyncNotThere, GivesASingleRecordUpOnlyAfterADay) {
  const auto uids = append(2);
  choke_on(uids[0], html(GetParam()));
  const std::int64_t begin = clock_.utc_ms();
  while (totals().dead == 0 && clock_.utc_ms() - begin < milliseconds(hours(30)).count()) step();
  EXPECT_GE(clock_.utc_ms() - begin, milliseconds(hours(24)).count());
  EXPECT_LE(clock_.utc_ms() - begin, milliseconds(hours(25)).count());
  EXPECT_EQ(totals().dead, 1);
  EXPECT_EQ(store_->dead_letters(1, 0)->at(0).status, "refused");
  EXPECT_EQ(totals().sent, 1) << "the rest flowed meanwhile";
}
TEST_P(SyncNotThere, StopsWhenTheAppIsNotThere) {
  append(10);
  sink_.next(html(GetParam()));
  sink_.config_reply = html(GetParam());
  step();
  EXPECT_EQ(state(), "stopped");
  EXPECT_EQ(code(), "app_not_installed");
  EXPECT_EQ(totals().pending, 10);
  sink_.config_reply = Reply{200, R"({"message":{"unchanged":true,"version":"v1"}})", {}, {}};
  run();
  EXPECT_EQ(totals().sent, 10) << "installed meanwhile: no restart, no visit";
}
TEST_P(SyncNotThere, WaitsWhenTheConfigurationCannotBeAskedFor) {
  append(10);
  sink_.next(html(GetParam()));
  sink_.config_reply = no_answer();
  step();
  EXPECT_EQ(state(), "waiting");
  run();
  EXPECT_EQ(totals().sent, 10);
}
INSTANTIATE_TEST_SUITE_P(Statuses, SyncNotThere, testing::Values(404, 417),
                         [](const auto& given) { return "Http" + std::to_string(given.param); });

TEST_F(SyncTest, DoesNotHammerWhenEverySingleRecordIsRefused) {
  append(500);
  sink_.otherwise = [](const Uids&) { return html(404); };
  const std::int64_t begin = clock_.mono_ms();
  for (int n = 0; n < 60; ++n) step();
  EXPECT_GT(clock_.mono_ms() - begin, 300'000);
  EXPECT_EQ(totals().dead, 0);
  EXPECT_EQ(totals().pending, 500);
  sink_.otherwise = nullptr;
  run(2000);
  EXPECT_EQ(totals().sent, 500);
}

TEST_F(SyncTest, ARecordThatBringsTheWorkerDownDoesNotHoldUpTheRest) {
  const auto uids = append(100);
  choke_on(uids[0], html(502));
  for (int n = 0; n < 60; ++n) step();
  EXPECT_EQ(totals().sent, 99);
  EXPECT_EQ(totals().pending, 1) << "nobody has said a word about it: it stays pending";
}

TEST_F(SyncTest, SendsAgainWhatTheStoreCouldNotNote) {
  append(3);
  sink_.next([&](const Uids& uids) {
    open();  // the process ended between the answer and the note of it
    return all_stored(uids);
  });
  SyncSettings settings;
  settings.gateway = "gw-silo-a";
  const auto rows = *store_->pending(10, clock_.utc_ms(), false);
  open();
  start();
  sink_.script.clear();
  run();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(sink_.submitted.back().front(), rows.front().observation.uid) << "the same uids";
  EXPECT_EQ(totals().sent, 3);
}

/// The next request is made ready while one is under way: rows of a request that fails must not be passed by it.
TEST_F(SyncTest, ARequestThatFailsIsSentAgainBeforeWhatWasMadeReadyBehindIt) {
  const auto uids = append(1'600);
  sink_.next([](const test::FakeSink::Uids& sent) { return test::all_stored(sent); });
  sink_.next(test::html(502));
  run();
  std::vector<std::string> stored;
  for (std::size_t i = 0; i < sink_.submitted.size(); ++i) {
    if (i != 1) stored.insert(stored.end(), sink_.submitted[i].begin(), sink_.submitted[i].end());
  }
  EXPECT_EQ(stored, uids);
  EXPECT_EQ(totals().sent, 1'600);
}

/// What is made ready speaks for the epoch it was made in.
TEST_F(SyncTest, RowsMadeReadyGoWithTheEpochOfTheirRequest) {
  append(1'500);
  step();
  ASSERT_TRUE(store_->grant_epoch("4"));
  append(1);
  run();
  ASSERT_GE(sink_.bodies.size(), 3U);
  EXPECT_THAT(sink_.bodies[0], testing::HasSubstr(R"("epoch":"3","instance")"));
  EXPECT_THAT(sink_.bodies[1], testing::HasSubstr(R"("epoch":"4","instance")"));
  EXPECT_THAT(sink_.bodies[1], testing::HasSubstr(R"("epoch":"3","identity")"));
  EXPECT_EQ(totals().sent, 1'501);
}

}  // namespace
}  // namespace edge
