#include "protocols/record/observation.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(ObservationNames, GoThereAndBack) {
  for (const auto flag : {Flag::kOk, Flag::kWarning, Flag::kQuarantine, Flag::kInvalid}) {
    EXPECT_EQ(flag_from(to_text(flag)), flag);
  }
  for (const auto identity : {Identity::kContent, Identity::kReceived, Identity::kPolled}) {
    EXPECT_EQ(identity_from(to_text(identity)), identity);
  }
  for (const auto source : {TimeSource::kDevice, TimeSource::kReceive}) {
    EXPECT_EQ(time_source_from(to_text(source)), source);
  }
  for (const auto state : {ClockState::kSynced, ClockState::kUnsynced, ClockState::kCorrected}) {
    EXPECT_EQ(clock_state_from(to_text(state)), state);
  }
  EXPECT_EQ(to_text(Flag::kOk), "OK");
  EXPECT_EQ(to_text(static_cast<Flag>(9)), "");
}

TEST(ObservationNames, AreExact) {
  EXPECT_FALSE(flag_from("ok"));
  EXPECT_FALSE(flag_from(""));
  EXPECT_FALSE(identity_from("Content"));
  EXPECT_FALSE(time_source_from("gateway"));
  EXPECT_FALSE(clock_state_from("sync"));
}

TEST(Flag, WorstWins) {
  EXPECT_EQ(worse(Flag::kOk, Flag::kWarning), Flag::kWarning);
  EXPECT_EQ(worse(Flag::kInvalid, Flag::kQuarantine), Flag::kInvalid);
  EXPECT_EQ(worse(Flag::kOk, Flag::kOk), Flag::kOk);
}

}  // namespace
}  // namespace edge
