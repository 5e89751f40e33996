#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "agent/adapters/control_socket/commands.h"
#include "agent/adapters/control_socket/control_socket.h"
#include "agent/core/tap.h"
#include "tests/support/scale_rig.h"
#include "tests/unit/agent/cli/command_line.h"

namespace edge::cli {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using test::ScaleRig;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The command line against an agent that has a scale.
class WeighingLine : public test::CommandLine {
 protected:
  void SetUp() override {
    test::CommandLine::SetUp();
    configure("gw-silo-a", rig_.dir());
    agent_ = std::make_unique<ControlSocket>([this](std::string_view request) {
      if (on_request_) on_request_();
      CommandPorts ports{nullptr, *rig_.store, *rig_.store, nullptr, [] { return Result<void>{}; }};
      ports.gateway = "gw-silo-a";
      ports.weighings = rig_.store.get();
      ports.tickets = rig_.store.get();
      ports.weighbridge = rig_.bridge.get();
      ports.tap = &tap_;
      return answer_command(request, ports);
    });
    const auto started = agent_->start(socket());
    ASSERT_TRUE(started) << started.error().detail;
  }
  /// From then on only the file answers.
  void stop_agent() {
    agent_->stop();
    rig_.bridge.reset();
    rig_.store.reset();
  }
  /// Both passes of AB-123-C, the second 24,800 kg declared; its number.
  void finish_ticket() {
    ASSERT_EQ(line({"ticket", "start", "--vehicle", "AB-123-C", "--declared", "24800", "--direction", "receive"}).code,
              kYes);
    for (const int kg : {38'440, 14'580}) {
      rig_.load(kg);
      ASSERT_EQ(line({"ticket", "capture", "1"}).code, kYes);
    }
    ASSERT_EQ(line({"ticket", "complete", "1"}).code, kYes);
  }

  ScaleRig rig_;
  Tap tap_;
  std::function<void()> on_request_;
  std::unique_ptr<ControlSocket> agent_;
};

TEST_F(WeighingLine, TakesAVehicleFromStartToSlip) {
  auto said = line({"ticket", "start", "--vehicle", "AB-123-C", "--declared", "24800", "--direction", "receive",
                    "--driver", "Saleh", "--lot", "LOT-7"});
  EXPECT_EQ(said.code, kYes) << said.err;
  EXPECT_THAT(said.out, StartsWith("ticket 1 is open  AB-123-C  scale ws1  Receive  declared 24800 kg  since 2026-"));
  rig_.load(38'440);
  said = line({"ticket", "capture", "1", "--operator", "op-7"});
  EXPECT_EQ(said.code, kYes) << said.err;
  EXPECT_THAT(said.out, HasSubstr("weight       38440 kg\nas           gross\n"));
  EXPECT_THAT(said.out, HasSubstr("alibi ws1 epoch 3 number 1\n"));
  EXPECT_THAT(said.out, HasSubstr("Not a legal-for-trade device; "));
  EXPECT_THAT(line({"ticket", "list"}).out, HasSubstr("first weight taken"));
  rig_.load(14'580);
  EXPECT_EQ(line({"ticket", "capture", "1"}).code, kYes);
  said = line({"ticket", "complete", "1"});
  EXPECT_EQ(said.code, kYes) << said.err;
  EXPECT_THAT(said.out, StartsWith("ticket       silo-a-S1-3-000001\n"));
  EXPECT_THAT(said.out, HasSubstr("vehicle      AB-123-C\n"));
  EXPECT_THAT(said.out, HasSubstr("gross        38440 kg  2026-"));
  EXPECT_THAT(said.out, HasSubstr("alibi ws1 epoch 3 number 2\n"));
  EXPECT_THAT(said.out, HasSubstr("net          23860 kg\n"));
  EXPECT_THAT(said.out, HasSubstr("declared     24800 kg, difference -940.000 kg (3.79 %)\n"));
  EXPECT_THAT(said.out, HasSubstr("mismatch     YES\n"));
  EXPECT_THAT(said.out, HasSubstr("the net differs from the declared weight by more than is allowed (-3.79%)\n"));
  EXPECT_THAT(said.out, HasSubstr("\nNot a legal-for-trade device; the indicator's own display or alibi memory is the "
                                  "reference.\n"));
  EXPECT_EQ(line({"ticket", "show", "silo-a-S1-3-000001"}).out, said.out);
}

TEST_F(WeighingLine, ARefusalIsNoAndSaysWhy) {
  auto said = line({"ticket", "capture"});
  EXPECT_EQ(said.code, kNo);
  EXPECT_THAT(said.err, StartsWith("edge-agent: no_signal: "));
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(line({"ticket", "complete", "7"}).code, kNo);
  EXPECT_EQ(line({"ticket", "show", "x"}).code, kNo);
  EXPECT_EQ(line({"ticket", "drop", "7"}).code, kNo);
  EXPECT_EQ(line({"ticket", "start"}).code, kNo) << "no vehicle";
  said = line({"ticket", "start", "--vehicle", "AB\x1b[2J"});
  EXPECT_EQ(said.code, kNo);
  EXPECT_EQ(said.err, "edge-agent: vehicle: holds characters that are no text\n");
}

TEST_F(WeighingLine, AWrongLineCannotBeDone) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"ticket"},
                                                                 {"ticket", "fly"},
                                                                 {"ticket", "complete"},
                                                                 {"ticket", "complete", "one"},
                                                                 {"ticket", "void", "x"},
                                                                 {"ticket", "start", "--direction", "up"},
                                                                 {"ticket", "capture", "--manual", "1"},
                                                                 {"ticket", "capture", "--unit", "kg"},
                                                                 {"ticket", "capture", "--wait", "soon"},
                                                                 {"alibi"},
                                                                 {"alibi", "show", "--limit", "0"},
                                                                 {"tap", "--count", "x"}}) {
    EXPECT_EQ(line(words).code, kCannot) << words.back();
  }
}

TEST_F(WeighingLine, WaitsWhileTheWeightIsNotStillYet) {
  int asked = 0;
  on_request_ = [&] {
    if (++asked == 1) rig_.empty();
    if (asked == 2) rig_.show(ScaleRig::frame(38'440), milliseconds(300));
    if (asked == 3) rig_.show(ScaleRig::frame(38'440), milliseconds(1'500));
  };
  rig_.bridge->trouble("ws1", "", "bad checksum", rig_.clock.mono_ms());
  const auto said = line({"ticket", "capture", "--wait", "60s", "--json"});
  // The first time the scale is empty: below its minimum, which no waiting changes.
  EXPECT_EQ(said.code, kNo);
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(said.err, HasSubstr("below_min: "));
  const auto again = line({"ticket", "capture", "--wait", "60s", "--json"});
  EXPECT_EQ(again.code, kYes) << again.err;
  EXPECT_EQ(asked, 3) << "not settled the first time";
  EXPECT_EQ(Json::parse(again.out)["value"], "38440");
  EXPECT_EQ(again.err, "");
}

TEST_F(WeighingLine, WaitsNoLongerThanItWasTold) {
  const auto said = line({"ticket", "capture", "--wait", "1ms"});
  EXPECT_EQ(said.code, kNo);
  EXPECT_THAT(said.err, HasSubstr("no_signal: "));
}

TEST_F(WeighingLine, KeysAWeightInAndOverrides) {
  auto said = line({"ticket", "capture", "--manual", "14580", "--unit", "kg", "--reason", "indicator broken"});
  EXPECT_EQ(said.code, kYes) << said.err;
  EXPECT_THAT(said.out, HasSubstr("keyed in     indicator broken\n"));
  rig_.load(380);
  said = line({"ticket", "capture", "--override", "sample"});
  EXPECT_EQ(said.code, kYes) << said.err;
  EXPECT_THAT(said.out, HasSubstr("override     below_min: sample\n"));
}

TEST_F(WeighingLine, VoidsAndDropsTickets) {
  ASSERT_NO_FATAL_FAILURE(finish_ticket());
  EXPECT_EQ(line({"ticket", "start", "--vehicle", "AB-2"}).code, kYes);
  EXPECT_EQ(line({"ticket", "drop", "2"}).out, "ticket 2 is dropped\n");
  EXPECT_EQ(line({"ticket", "void", "silo-a-S1-3-000001", "--reason", "wrong lot"}).out,
            "ticket silo-a-S1-3-000001 is void\n");
  EXPECT_EQ(line({"ticket", "void", "silo-a-S1-3-000001", "--reason", "wrong lot"}).code, kNo);
  EXPECT_THAT(line({"ticket", "show", "silo-a-S1-3-000001"}).out, HasSubstr("VOID "));
  const auto list = line({"ticket", "list"});
  EXPECT_THAT(list.out, HasSubstr("void of silo-a-S1-3-000001  "));
  EXPECT_THAT(list.out, HasSubstr("  net 23860 kg  MISMATCH\n"));
  EXPECT_EQ(Json::parse(line({"ticket", "list", "--json"}).out)["finished"].size(), 2U);
}

TEST_F(WeighingLine, ShowsScalesAndTap) {
  EXPECT_THAT(line({"scales"}).out, HasSubstr("ws1 (S1, site silo-a, toledo)  unknown\n  no_signal: "));
  rig_.load(38'440);
  EXPECT_EQ(line({"scales"}).out, "ws1 (S1, site silo-a, toledo)  settled  38440 kg\n  a capture would be taken\n");
  EXPECT_EQ(Json::parse(line({"scales", "--json"}).out)[0]["gross"], "38440");
  for (int i = 0; i < 20; ++i) tap_.note(i % 2 == 0 ? "ws1" : "bus1", "\x02\x31", "frame " + std::to_string(i), i);
  const auto tapped = line({"tap", "ws1", "--count", "2"});
  EXPECT_EQ(tapped.code, kYes) << tapped.err;
  EXPECT_EQ(tapped.out,
            "1970-01-01T00:00:00.016Z  ws1  0231  |\\x021|  frame 16\n"
            "1970-01-01T00:00:00.018Z  ws1  0231  |\\x021|  frame 18\n");
  EXPECT_EQ(Json::parse(line({"tap", "--count", "1", "--json"}).out)["what"], "frame 19");
}

TEST_F(WeighingLine, TapWaitsForTheLinesThatAreMissing) {
  on_request_ = [&, asked = 0]() mutable {
    if (++asked > 1) tap_.note("ws1", "x", "frame", asked);
  };
  EXPECT_EQ(Json::parse(line({"tap", "--count", "1", "--json"}).out)["number"], 1);
}

TEST_F(WeighingLine, AlibiVerifiesAndIsReadFromTheFileToo) {
  EXPECT_EQ(line({"alibi", "verify"}).out, "nothing was ever weighed\n");
  EXPECT_EQ(line({"alibi", "show"}).out, "no records\n");
  ASSERT_NO_FATAL_FAILURE(finish_ticket());
  for (const bool running : {true, false}) {
    if (!running) stop_agent();
    const auto verified = line({"alibi", "verify"});
    EXPECT_EQ(verified.code, kYes) << verified.err;
    EXPECT_THAT(verified.out, StartsWith("ws1: 3 records in 1 epoch verify, newest epoch 3 number 2, hash "));
    const auto records = line({"alibi", "show", "--scale", "ws1"});
    EXPECT_THAT(records.out, HasSubstr("ws1 epoch 3 number 1  2026-"));
    EXPECT_THAT(records.out, HasSubstr("38440 kg  gross  Indicator  "));
    EXPECT_THAT(line({"ticket", "list"}).out, HasSubstr("silo-a-S1-3-000001"));
    EXPECT_THAT(line({"ticket", "show", "silo-a-S1-3-000001"}).out, HasSubstr("net          23860 kg\n"));
  }
  const auto said = line({"ticket", "capture"});
  EXPECT_EQ(said.code, kNo);
  EXPECT_EQ(said.err, "edge-agent: no agent is running\n");
  EXPECT_EQ(line({"tap"}).code, kNo);
}

TEST_F(WeighingLine, AMemoryThatDoesNotVerifyIsANo) {
  ASSERT_NO_FATAL_FAILURE(finish_ticket());
  stop_agent();
  configure("gw-b", rig_.dir());
  const auto verified = line({"alibi", "verify"});
  EXPECT_EQ(verified.code, kNo);
  EXPECT_THAT(verified.out, HasSubstr("DO NOT VERIFY"));
  EXPECT_THAT(verified.out, HasSubstr("  epoch 3, number 0: changed: "));
  EXPECT_EQ(Json::parse(line({"alibi", "verify", "--json"}).out)["verifies"], false);
}

}  // namespace
}  // namespace edge::cli
