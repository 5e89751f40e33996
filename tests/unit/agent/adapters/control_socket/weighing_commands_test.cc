#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/adapters/control_socket/commands.h"
#include "agent/core/tap.h"
#include "tests/support/scale_rig.h"

namespace edge {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class WeighingCommands : public testing::Test {
 protected:
  /// As the running agent answers.
  Json ask(const Json& request) {
    return answer(request, [&](CommandPorts& ports) {
      ports.reload = [] { return Result<void>{}; };
      ports.weighbridge = rig.bridge.get();
      ports.tap = &tap;
    });
  }
  /// As the command line answers from the file.
  Json ask_file(const Json& request) {
    return answer(request, [](CommandPorts&) {});
  }
  template <class Add>
  Json answer(const Json& request, Add add) {
    CommandPorts ports{nullptr, *rig.store, *rig.store, nullptr, nullptr};
    ports.gateway = "gw-silo-a";
    ports.weighings = rig.store.get();
    ports.tickets = rig.store.get();
    add(ports);
    const auto line = answer_command(request.dump(), ports);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    return Json::parse(line);
  }
  std::string no(const Json& request) {
    const auto given = ask(request);
    EXPECT_EQ(given["ok"], false) << request << given;
    return given.value("error", "");
  }
  Json yes(const Json& request) {
    const auto given = ask(request);
    EXPECT_EQ(given["ok"], true) << request << given;
    return given.value("result", Json());
  }
  test::ScaleRig rig;
  Tap tap;
};

TEST_F(WeighingCommands, GoFromTheFirstPassToTheVoid) {
  const auto open = yes({{"command", "ticket-start"},
                         {"vehicle", "AB-123-C"},
                         {"driver", "Saleh"},
                         {"direction", "Receive"},
                         {"declared_net_kg", "24800"},
                         {"lot", "LOT-7"},
                         {"order", "EWO-1"},
                         {"operator", "op-7"}});
  EXPECT_EQ(open["vehicle"], "AB-123-C");
  EXPECT_EQ(open["scale"], "ws1");
  EXPECT_EQ(open["first_weighing"], nullptr);
  rig.load(38'440);
  const auto first = yes({{"command", "ticket-capture"}, {"id", open["id"]}, {"operator", "op-7"}});
  EXPECT_EQ(first["kind"], "weighing");
  EXPECT_EQ(first["value"], "38440");
  EXPECT_EQ(first["role"], "gross");
  EXPECT_EQ(first["operator"], "op-7");
  EXPECT_THAT(no({{"command", "ticket-complete"}, {"id", open["id"]}}), StartsWith("not_weighed: "));
  EXPECT_EQ(yes({{"command", "ticket-list"}})["open"][0]["first_weighing"], first["uid"]);
  rig.load(14'580);
  const auto second = yes({{"command", "ticket-capture"}, {"id", open["id"]}});
  const auto ticket = yes({{"command", "ticket-complete"}, {"id", open["id"]}});
  EXPECT_EQ(ticket["number"], "silo-a-S1-3-000001");
  EXPECT_EQ(ticket["net"], "23860");
  EXPECT_EQ(ticket["reasons"][0], "net_vs_declared:-3.79%");
  auto shown = yes({{"command", "ticket-show"}, {"number", ticket["number"]}});
  EXPECT_EQ(shown["ticket"], ticket);
  EXPECT_EQ(shown["gross"], first);
  EXPECT_EQ(shown["tare"], second);
  EXPECT_EQ(shown["void"], nullptr);
  EXPECT_THAT(no({{"command", "ticket-void"}, {"number", ticket["number"]}}), StartsWith("reason: "));
  yes({{"command", "ticket-void"}, {"number", ticket["number"]}, {"reason", "wrong lot"}});
  shown = yes({{"command", "ticket-show"}, {"number", ticket["number"]}});
  EXPECT_EQ(shown["void"]["reason"], "wrong lot");
  const auto list = yes({{"command", "ticket-list"}});
  EXPECT_TRUE(list["open"].empty());
  EXPECT_EQ(list["finished"].size(), 2U);
}

TEST_F(WeighingCommands, CaptureTakesOverridesAndKeyedInWeights) {
  rig.load(380);
  EXPECT_THAT(no({{"command", "ticket-capture"}}), StartsWith("below_min: "));
  EXPECT_EQ(yes({{"command", "ticket-capture"}, {"override", "sample"}})["override"], "below_min: sample");
  const auto keyed = yes({{"command", "ticket-capture"}, {"value", "14580"}, {"unit", "kg"}, {"reason", "broken"}});
  EXPECT_EQ(keyed["manual"], true);
  EXPECT_EQ(keyed["reason"], "broken");
}

TEST_F(WeighingCommands, DropGivesATicketUp) {
  const auto open = yes({{"command", "ticket-start"}, {"vehicle", "AB-1"}});
  EXPECT_EQ(yes({{"command", "ticket-drop"}, {"id", open["id"]}})["dropped"], open["id"]);
  EXPECT_THAT(no({{"command", "ticket-drop"}, {"id", open["id"]}}), HasSubstr("no open ticket"));
}

TEST_F(WeighingCommands, ScalesSayWhatIsShownAndWhatStandsInTheWay) {
  auto scale = yes({{"command", "scales"}})[0];
  EXPECT_EQ(scale["scale"], "ws1");
  EXPECT_EQ(scale["state"], "unknown");
  EXPECT_EQ(scale["gross"], nullptr);
  EXPECT_EQ(scale["refusal"], "no_signal");
  rig.load(38'440);
  scale = yes({{"command", "scales"}})[0];
  EXPECT_EQ(scale["state"], "settled");
  EXPECT_EQ(scale["gross"], "38440");
  EXPECT_EQ(scale["unit"], "kg");
  EXPECT_EQ(scale["stable"], true);
  EXPECT_EQ(scale["refusal"], nullptr);
  rig.bridge->trouble("ws1", "", "bad checksum", rig.clock.mono_ms());
  EXPECT_EQ(yes({{"command", "scales"}})[0]["trouble"], "bad checksum");
}

TEST_F(WeighingCommands, FieldsOfAnotherTypeAreRefused) {
  for (const auto* request :
       {R"({"command":"ticket-start","vehicle":7})", R"({"command":"ticket-start","vehicle":"A","order":[]})",
        R"({"command":"ticket-capture","id":"4"})", R"({"command":"ticket-capture","override":true})",
        R"({"command":"ticket-complete","id":"4"})", R"({"command":"ticket-complete"})",
        R"({"command":"ticket-void","number":7,"reason":"x"})", R"({"command":"ticket-drop","id":1.5})",
        R"({"command":"ticket-show"})", R"({"command":"ticket-list","limit":"x"})",
        R"({"command":"alibi-verify","scale":7})", R"({"command":"alibi-show","after":"x"})",
        R"({"command":"tap","source":7})"}) {
    EXPECT_EQ(ask(Json::parse(request))["ok"], false) << request;
  }
  EXPECT_TRUE(yes({{"command", "ticket-list"}})["open"].empty());
  EXPECT_TRUE(rig.store->weighings("ws1", 0, 10)->empty());
}

TEST_F(WeighingCommands, AlibiShowsAndVerifies) {
  EXPECT_EQ(yes({{"command", "alibi-verify"}})["verifies"], true);
  EXPECT_TRUE(yes({{"command", "alibi-show"}}).empty());
  ASSERT_TRUE(rig.weigh(38'440) && rig.weigh(14'580));
  const auto verified = yes({{"command", "alibi-verify"}});
  EXPECT_EQ(verified["verifies"], true);
  EXPECT_EQ(verified["scales"][0]["records"], 3);
  EXPECT_EQ(verified["scales"][0]["head_seq"], 2);
  EXPECT_THAT(no({{"command", "alibi-verify"}, {"scale", "ws9"}}), HasSubstr("ws9"));
  const auto all = yes({{"command", "alibi-show"}});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0]["role"], "genesis");
  EXPECT_EQ(all[1]["value"], "38440");
  const auto rest = yes({{"command", "alibi-show"}, {"scale", "ws1"}, {"after", all[1]["id"]}});
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0]["value"], "14580");
  EXPECT_EQ(yes({{"command", "alibi-show"}, {"uid", rest[0]["uid"]}})[0]["hash"], rest[0]["hash"]);
  EXPECT_EQ(ask({{"command", "alibi-show"}, {"uid", "no"}})["ok"], false);
}

TEST_F(WeighingCommands, AMemoryOfAnotherGatewayDoesNotVerify) {
  ASSERT_TRUE(rig.weigh(38'440));
  const auto verified = answer({{"command", "alibi-verify"}}, [](CommandPorts& ports) { ports.gateway = "gw-b"; });
  EXPECT_EQ(verified["result"]["verifies"], false);
  EXPECT_THAT(verified["result"]["scales"][0]["faults"][0], StartsWith("epoch 3, number 0: changed"));
}

TEST_F(WeighingCommands, TapGoesOnAfterANumber) {
  tap.note("ws1", "\x02\x31", "38440 kg", 5);
  tap.note("bus1", "\x01", "answer", 6);
  const auto all = yes({{"command", "tap"}});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0], Json::parse(R"({"number":1,"at":5,"source":"ws1","hex":"0231","what":"38440 kg"})"));
  EXPECT_EQ(yes({{"command", "tap"}, {"source", "bus1"}})[0]["number"], 2);
  EXPECT_EQ(yes({{"command", "tap"}, {"after", 1}, {"limit", 1}})[0]["number"], 2);
  EXPECT_TRUE(yes({{"command", "tap"}, {"after", 2}}).empty());
}

TEST_F(WeighingCommands, TheFileAnswersWhatNeedsNoScale) {
  const auto ticket = rig.ticket("AB-1", 38'440, 14'580);
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ask_file({{"command", "ticket-list"}})["result"]["finished"][0]["number"], ticket->number);
  EXPECT_EQ(ask_file({{"command", "ticket-show"}, {"number", ticket->number}})["result"]["gross"]["value"], "38440");
  EXPECT_EQ(ask_file({{"command", "alibi-verify"}})["result"]["verifies"], true);
  EXPECT_EQ(ask_file({{"command", "alibi-show"}})["result"].size(), 3U);
  for (const auto* command :
       {"scales", "ticket-start", "ticket-capture", "ticket-complete", "ticket-void", "ticket-drop", "tap"}) {
    EXPECT_EQ(ask_file({{"command", command}})["error"], "no agent is running") << command;
  }
}

}  // namespace
}  // namespace edge
