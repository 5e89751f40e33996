#include "protocols/wire/weighing_link.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/protocols/wire/examples.h"

namespace edge::wire {
namespace {

Weighing example() {
  auto weighing = std::get<Weighing>(*decode(examples::kWeighing));
  weighing.stamp.epoch = "3";  // the batch's
  return weighing;
}

TEST(WeighingLinkOf, GivesTheHashOfTheContract) {
  const Weighing weighing = example();
  EXPECT_EQ(weighing_hash(link_of(weighing, "gw-silo-a")), weighing.hash);
}

struct Change {
  const char* name;
  void (*change)(Weighing&);
};
class ChangedWeighing : public testing::TestWithParam<Change> {};
TEST_P(ChangedWeighing, HasAnotherHash) {
  Weighing weighing = example();
  GetParam().change(weighing);
  EXPECT_NE(weighing_hash(link_of(weighing, "gw-silo-a")), weighing.hash);
}
INSTANTIATE_TEST_SUITE_P(Fields, ChangedWeighing,
                         testing::Values(Change{"Before", [](Weighing& w) { w.prev_hash = w.hash; }},
                                         Change{"Site", [](Weighing& w) { w.stamp.site = "silo-b"; }},
                                         Change{"Scale", [](Weighing& w) { w.scale = "ws2"; }},
                                         Change{"Epoch", [](Weighing& w) { w.stamp.epoch = "4"; }},
                                         Change{"Number", [](Weighing& w) { ++w.alibi_seq; }},
                                         Change{"Time", [](Weighing& w) { ++w.at; }},
                                         Change{"Value", [](Weighing& w) { w.value = "38460"; }},
                                         Change{"Unit", [](Weighing& w) { w.unit = "t"; }},
                                         Change{"E", [](Weighing& w) { w.e = "10"; }},
                                         Change{"Mode", [](Weighing& w) { w.mode = "net"; }},
                                         Change{"Role", [](Weighing& w) { w.role = "tare"; }},
                                         Change{"Stability", [](Weighing& w) { w.stability = "Inferred"; }},
                                         Change{"Frame", [](Weighing& w) { w.raw_hex = "00"; }},
                                         Change{"IndicatorsAlibi", [](Weighing& w) { w.indicator_alibi = "77"; }},
                                         Change{"Manual", [](Weighing& w) { w.manual = true; }},
                                         Change{"Operator", [](Weighing& w) { w.operator_id = "op-8"; }},
                                         Change{"Override", [](Weighing& w) { w.override_reason = "low"; }},
                                         Change{"Reason", [](Weighing& w) { w.reason = "low"; }},
                                         Change{"Genesis",
                                                [](Weighing& w) {
                                                  w.genesis = WeighingGenesis{"2", 411, w.hash};
                                                }}),
                         [](const auto& given) { return given.param.name; });

TEST(WeighingLinkOf, AnOverridesReasonWinsOverAnEntrys) {
  Weighing both = example();
  both.override_reason = "a";
  both.reason = "b";
  Weighing override_only = both;
  override_only.reason.clear();
  EXPECT_EQ(weighing_hash(link_of(both, "gw")), weighing_hash(link_of(override_only, "gw")));
}

}  // namespace
}  // namespace edge::wire
