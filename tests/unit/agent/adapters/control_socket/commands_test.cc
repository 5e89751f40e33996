#include "agent/adapters/control_socket/commands.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace edge {
namespace {

using Json = nlohmann::json;

class FakeRows : public DeadLetters, public PendingList {
 public:
  Result<std::vector<DeadLetter>> dead_letters(std::size_t limit, RowId after) override {
    if (limit > 1'000) return fail(Errc::kMalformed, "too many");
    std::vector<DeadLetter> out;
    if (after < 7) out.push_back(letter());
    return out;
  }
  Result<DeadLetter> dead_letter(RowId id) override {
    if (id != 7) return fail(Errc::kNotFound, "no such dead letter");
    return letter();
  }
  Result<void> requeue(RowId id) override {
    if (id != 7) return fail(Errc::kNotFound, "no such dead letter");
    requeued.push_back("7");
    return {};
  }
  Result<std::int64_t> requeue_all(std::string_view code) override {
    requeued.push_back("code:" + std::string(code));
    return 3;
  }
  Result<std::vector<PendingRow>> list_pending(std::size_t, RowId) override {
    PendingRow row;
    row.id = row.seq = 9;
    row.epoch = "3";
    row.observation.device = "bin3\x1b";
    row.observation.value = "28.50";
    PendingRow ticket = row;
    ticket.document = "{}";
    return std::vector<PendingRow>{row, ticket};
  }
  static DeadLetter letter() { return {7, 7, "3", 1, "rejected", "unknown_site", "site", "no \xFF site", "{}"}; }
  std::vector<std::string> requeued;
};

class Commands : public testing::Test {
 protected:
  Json ask(const std::string& request) {
    const CommandPorts ports{[]() -> Result<AgentStatus> {
                               AgentStatus status;
                               status.gateway = "gw1";
                               status.facts.audit.counters = {{"messages", 1}, {"decoded", 1}};
                               return status;
                             },
                             rows, rows, [this] { ++pokes; }, reload};
    const auto line = answer_command(request, ports);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    return Json::parse(line);
  }
  FakeRows rows;
  int pokes = 0;
  std::function<Result<void>()> reload;
};

TEST_F(Commands, StatusHasTheSums) {
  const auto answer = ask(R"({"command":"status"})");
  ASSERT_TRUE(answer["ok"]) << answer;
  EXPECT_EQ(answer["result"]["gateway"], "gw1");
  EXPECT_EQ(answer["result"]["conservation"]["messages"]["decoded"], 1);
  EXPECT_EQ(answer["result"]["oldest_pending_at"], nullptr);
  EXPECT_EQ(answer["result"]["counters"]["messages"], 1);
}

TEST_F(Commands, ListsWhatWaitsAndWhatWasRefused) {
  EXPECT_EQ(ask(R"({"command":"outbox-list"})")["result"][0]["value"], "28.50");
  EXPECT_EQ(ask(R"({"command":"outbox-list"})")["result"][0]["flag"], "OK");
  EXPECT_EQ(ask(R"({"command":"outbox-list"})")["result"][1]["flag"], nullptr) << "a weighing or ticket has none";
  EXPECT_EQ(ask(R"({"command":"dead-letters-list","limit":99999999})")["result"][0]["code"], "unknown_site");
  EXPECT_EQ(ask(R"({"command":"dead-letters-list","after":7})")["result"].size(), 0U);
  EXPECT_EQ(ask(R"({"command":"dead-letters-show","id":7})")["result"]["record"], "{}");
  EXPECT_EQ(ask(R"({"command":"dead-letters-show","id":8})")["error"], "no such dead letter");
}

TEST_F(Commands, RequeuesOneOrACodeOrAllAndWakesTheUplink) {
  EXPECT_EQ(ask(R"({"command":"dead-letters-requeue","id":7})")["result"]["requeued"], 1);
  EXPECT_EQ(ask(R"({"command":"dead-letters-requeue","code":"x"})")["result"]["requeued"], 3);
  EXPECT_EQ(ask(R"({"command":"dead-letters-requeue","all":true})")["result"]["requeued"], 3);
  EXPECT_EQ(rows.requeued, (std::vector<std::string>{"7", "code:x", "code:"}));
  EXPECT_EQ(pokes, 3);
}

TEST_F(Commands, RequeueWantsToKnowWhat) {
  for (const auto* request :
       {R"({"command":"dead-letters-requeue"})", R"({"command":"dead-letters-requeue","code":""})",
        R"({"command":"dead-letters-requeue","all":false})", R"({"command":"dead-letters-requeue","id":"7"})"}) {
    EXPECT_FALSE(ask(request)["ok"]) << request;
  }
  EXPECT_TRUE(rows.requeued.empty());
}

TEST_F(Commands, ReloadNeedsAnAgentAndPassesItsFindingsOn) {
  EXPECT_FALSE(ask(R"({"command":"reload"})")["ok"]);
  reload = [] { return Result<void>(fail(Errc::kMalformed, "a:1:1: bad\na:2:1: worse")); };
  EXPECT_EQ(ask(R"({"command":"reload"})")["error"], "a:1:1: bad\na:2:1: worse");
  reload = [] { return Result<void>{}; };
  EXPECT_TRUE(ask(R"({"command":"reload"})")["ok"]);
}

TEST_F(Commands, ReconcileNeedsTheRunningAgent) {
  for (const auto* request : {R"({"command":"reconcile-start"})", R"({"command":"reconcile-status"})",
                              R"({"command":"reconcile-cancel"})"}) {
    EXPECT_EQ(ask(request)["error"], "no agent is running: start it, it has the line to the server");
  }
}

TEST_F(Commands, RefusesWhatIsNoRequest) {
  for (const auto* request : {"", "{", "[]", "7", "null", "{}", R"({"command":7})", R"({"command":"rm"})",
                              R"({"command":"outbox-list","limit":"x"})", "\xFF"}) {
    EXPECT_FALSE(ask(request)["ok"]) << request;
  }
}

}  // namespace
}  // namespace edge
