#include "protocols/record/rejudge.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

using Reasons = std::vector<std::string>;

PolicyBook warm_book() {
  Policy policy;
  policy.site = "silo-a";
  policy.type = "temperature";
  policy.version = "2";
  policy.warning = {"10", "40"};
  policy.critical = {"5", "45"};
  return PolicyBook({policy});
}

Rejudged of(std::optional<std::string_view> value, Flag flag, Reasons reasons) {
  QualityFacts facts;
  facts.site = "silo-a";
  facts.device = "bin3-t1";
  facts.type = "temperature";
  facts.value = value;
  facts.unit = "C";
  return rejudge(facts, {flag, std::move(reasons)}, warm_book());
}

TEST(Rejudge, WhatAnOlderPolicySaidOfBandsIsReplaced) {
  const Rejudged got = of("36", Flag::kQuarantine, {"critical_max:35"});
  EXPECT_EQ(got.flag, Flag::kOk);
  EXPECT_EQ(got.reasons, Reasons{});
  EXPECT_EQ(got.server.policy_version, "2");
}

TEST(Rejudge, ATighterPolicyFlagsWhatWasOk) {
  const Rejudged got = of("46", Flag::kOk, {"no_policy"});
  EXPECT_EQ(got.flag, Flag::kQuarantine);
  EXPECT_EQ(got.reasons, Reasons{"critical_max:45"});
}

TEST(Rejudge, WhatAPolicyDoesNotDecideStands) {
  const Rejudged got = of("36", Flag::kQuarantine, {"critical_max:35", "flat_line:12"});
  EXPECT_EQ(got.flag, Flag::kQuarantine) << "in doubt the worse";
  EXPECT_EQ(got.reasons, Reasons{"flat_line:12"});
}

TEST(Rejudge, ASpikeIsNeverMoreThanAWarning) {
  const Rejudged got = of("42", Flag::kQuarantine, {"critical_max:35", "spike:6.2"});
  EXPECT_EQ(got.flag, Flag::kWarning);
  EXPECT_EQ(got.reasons, (Reasons{"spike:6.2", "warning_max:40"}));
}

TEST(Rejudge, AFaultOfThePayloadStaysInvalid) {
  const Rejudged got = of(std::nullopt, Flag::kInvalid, {"not_a_number:abc"});
  EXPECT_EQ(got.flag, Flag::kInvalid);
  EXPECT_EQ(got.reasons.front(), "not_a_number:abc");
}

}  // namespace
}  // namespace edge
