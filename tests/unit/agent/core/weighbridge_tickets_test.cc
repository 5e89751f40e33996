#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent/core/weighbridge_rig.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using test::ScaleRig;
using testing::ElementsAre;
using testing::HasSubstr;

class WeighbridgeTickets : public WeighbridgeTest {};

TEST_F(WeighbridgeTickets, TwoPassesMakeATicket) {
  TicketStart order;
  order.vehicle = " AB-123-C ";
  order.driver = "Saleh";
  order.direction = "Receive";
  order.declared_net_kg = "24800";
  order.lot = "LOT-2026-14";
  order.operator_id = "op-7";
  const auto open = rig_.bridge->start(order);
  ASSERT_TRUE(open) << open.error().detail;
  EXPECT_EQ(open->vehicle, "AB-123-C");
  EXPECT_EQ(open->scale, "ws1");
  EXPECT_EQ(open->opened_at, rig_.clock.utc_ms());
  const auto first = rig_.weigh(38'440, open->id), second = rig_.weigh(14'580, open->id);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->role, "gross");
  EXPECT_EQ(second->role, "tare");
  const auto ticket = rig_.bridge->complete({open->id, "op-8", ""});
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ticket->number, "silo-a-S1-3-000001");
  EXPECT_EQ(ticket->action, "complete");
  EXPECT_EQ(ticket->at, rig_.clock.utc_ms());
  EXPECT_EQ(ticket->direction, "Receive");
  EXPECT_EQ(ticket->unit, "kg");
  EXPECT_EQ(ticket->gross, "38440");
  EXPECT_EQ(ticket->tare, "14580");
  EXPECT_EQ(ticket->net, "23860");
  EXPECT_EQ(ticket->gross_kg, "38440.000");
  EXPECT_EQ(ticket->tare_kg, "14580.000");
  EXPECT_EQ(ticket->net_kg, "23860.000");
  EXPECT_EQ(ticket->gross_weighing, first->stamp.uid);
  EXPECT_EQ(ticket->tare_weighing, second->stamp.uid);
  EXPECT_EQ(ticket->alibi_hash, second->hash);
  EXPECT_EQ(ticket->vehicle, "AB-123-C");
  EXPECT_EQ(ticket->driver, "Saleh");
  EXPECT_EQ(ticket->lot, "LOT-2026-14");
  EXPECT_EQ(ticket->operator_id, "op-8");
  EXPECT_EQ(ticket->stability, "Indicator");
  EXPECT_FALSE(ticket->manual);
  EXPECT_EQ(ticket->prints, 1);
  EXPECT_TRUE(ticket->mismatch);
  EXPECT_THAT(ticket->reasons, ElementsAre("net_vs_declared:-3.79%"));
  EXPECT_EQ(ticket->difference_kg, "-940.000");
  EXPECT_EQ(ticket->difference_pct, "3.79");
  EXPECT_EQ(ticket->policy_version, "");
  EXPECT_TRUE(rig_.bridge->open_tickets()->empty());
  EXPECT_EQ(rig_.bridge->tickets(ticket->number, 1)->size(), 1U);
}

TEST_F(WeighbridgeTickets, DispatchWeighsTheTareFirst) {
  const auto ticket = rig_.ticket("AB-1", 14'580, 38'440, "Dispatch");
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ticket->net, "23860");
  EXPECT_EQ(rig_.store->weighing(ticket->tare_weighing)->role, "tare");
  EXPECT_FALSE(ticket->mismatch);
  EXPECT_THAT(ticket->reasons, ElementsAre());
}

TEST_F(WeighbridgeTickets, TheDirectionIsNeverGuessedByWeight) {
  const auto id = open_id("AB-1", "");
  EXPECT_EQ(rig_.weigh(38'440, id)->role, "unknown");
  ASSERT_TRUE(rig_.weigh(14'580, id));
  expect_malformed(rig_.bridge->complete({id, "", ""}), "direction");
  expect_malformed(rig_.bridge->complete({id, "", "in"}), "direction");
  EXPECT_EQ(rig_.bridge->complete({id, "", "Receive"})->net, "23860");
  const auto other = open_id("AB-2", "Receive");
  ASSERT_TRUE(rig_.weigh(38'440, other) && rig_.weigh(14'580, other));
  expect_malformed(rig_.bridge->complete({other, "", "Dispatch"}), "direction");
}

TEST_F(WeighbridgeTickets, ANetBelowZeroIsShownAndFlagged) {
  const auto ticket = rig_.ticket("AB-1", 14'580, 38'440, "Receive");
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ticket->net, "-23860");
  EXPECT_EQ(ticket->net_kg, "-23860.000");
  EXPECT_TRUE(ticket->mismatch);
  EXPECT_THAT(ticket->reasons, ElementsAre("gross_below_tare"));
}

TEST_F(WeighbridgeTickets, WeightsInTwoUnitsAreToldInKilogramsAndFlagged) {
  const auto open = rig_.start("AB-1", "Receive", "24800");
  ASSERT_TRUE(rig_.weigh(38'440, open->id));
  ASSERT_TRUE(key_in("32000", "lb", "indicator broken", open->id));
  const auto ticket = rig_.bridge->complete({open->id, "", ""});
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_EQ(ticket->unit, "kg");
  EXPECT_EQ(ticket->gross, "38440.000");
  EXPECT_EQ(ticket->tare, "14514.956");  // 32000 × 0.45359237 = 14514.95584
  EXPECT_EQ(ticket->tare_kg, "14514.956");
  EXPECT_EQ(ticket->net, "23925.044");
  EXPECT_EQ(ticket->net_kg, "23925.044");
  EXPECT_TRUE(ticket->mismatch);
  EXPECT_THAT(ticket->reasons, testing::Contains("unit_mismatch:kg/lb"));
}

TEST_F(WeighbridgeTickets, TheWeakestWeightGivesTheTicketItsStability) {
  const auto inferred = open_id("AB-1");
  rig_.empty();
  auto mute = ScaleRig::frame(38'440);
  mute.stable = Tri::kUnknown;
  rig_.show(mute, milliseconds(2'000));
  CaptureOrder order;
  order.ticket = inferred;
  ASSERT_TRUE(rig_.bridge->capture(order));
  ASSERT_TRUE(rig_.weigh(14'580, inferred));
  auto ticket = rig_.bridge->complete({inferred, "", ""});
  EXPECT_EQ(ticket->stability, "Inferred");
  EXPECT_THAT(ticket->reasons, ElementsAre("stability_inferred"));
  const auto keyed = open_id("AB-2");
  ASSERT_TRUE(rig_.weigh(38'440, keyed));
  ASSERT_TRUE(key_in("14580", "kg", "indicator broken", keyed));
  ticket = rig_.bridge->complete({keyed, "", ""});
  EXPECT_EQ(ticket->stability, "None");
  EXPECT_TRUE(ticket->manual);
  EXPECT_THAT(ticket->reasons, ElementsAre("manual_entry"));
  EXPECT_FALSE(ticket->mismatch);
}

TEST_F(WeighbridgeTickets, AKeyedInWeightNamesItsPassSoThatSaidTwiceItIsNotTheSecond) {
  const auto id = open_id("AB-1");
  CaptureOrder order;
  order.ticket = id;
  order.manual_value = "38440";
  order.manual_unit = "kg";
  order.manual_reason = "indicator broken";
  expect_malformed(rig_.bridge->capture(order), "pass");
  order.pass = 2;
  expect_refused(rig_.bridge->capture(order), "other_pass");
  order.pass = 1;
  ASSERT_TRUE(rig_.bridge->capture(order));
  expect_refused(rig_.bridge->capture(order), "other_pass");
  ASSERT_TRUE(rig_.weigh(14'580, id));
  EXPECT_EQ(rig_.bridge->complete({id, "", ""})->net, "23860");
}

TEST_F(WeighbridgeTickets, AnOverriddenWeightFlagsItsTicket) {
  const auto id = open_id("AB-1");
  ASSERT_TRUE(rig_.weigh(38'440, id));
  rig_.show(ScaleRig::frame(14'580), milliseconds(2'000));
  rig_.restart();
  rig_.show(ScaleRig::frame(14'580), milliseconds(2'000));
  CaptureOrder order;
  order.ticket = id;
  expect_refused(rig_.bridge->capture(order), "no_zero_return");
  order.override_reason = "agent was started anew with the vehicle on the scale";
  ASSERT_TRUE(rig_.bridge->capture(order));
  const auto ticket = rig_.bridge->complete({id, "", ""});
  EXPECT_THAT(ticket->reasons, ElementsAre("no_zero_return"));
  EXPECT_TRUE(ticket->mismatch);
}

TEST_F(WeighbridgeTickets, ATicketOutlivesARestartBetweenItsPasses) {
  const auto id = open_id("AB-1");
  ASSERT_TRUE(rig_.weigh(38'440, id));
  rig_.restart();
  ASSERT_EQ(rig_.bridge->open_tickets()->size(), 1U);
  EXPECT_EQ(rig_.weigh(14'580, id)->role, "tare");
  EXPECT_EQ(rig_.bridge->complete({id, "", ""})->net, "23860");
}

TEST_F(WeighbridgeTickets, ATicketNeedsBothPassesAndNoMore) {
  const auto id = open_id("AB-1");
  expect_refused(rig_.bridge->complete({id, "", ""}), "not_weighed");
  ASSERT_TRUE(rig_.weigh(38'440, id));
  expect_refused(rig_.bridge->complete({id, "", ""}), "not_weighed");
  ASSERT_TRUE(rig_.weigh(14'580, id));
  expect_refused(rig_.weigh(14'000, id), "both_weighed");
  EXPECT_EQ(kept(), 3U);
  ASSERT_TRUE(rig_.bridge->complete({id, "", ""}));
  EXPECT_EQ(rig_.bridge->complete({id, "", ""}).error().code, Errc::kNotFound);
  EXPECT_EQ(rig_.weigh(14'000, id).error().code, Errc::kNotFound);
}

TEST_F(WeighbridgeTickets, AWeightThatWasChangedInTheMemoryFinishesNoTicket) {
  const auto id = open_id("AB-1");
  ASSERT_TRUE(rig_.weigh(38'440, id) && rig_.weigh(14'580, id));
  rig_.weighings.alter = [](auto& weighing) { weighing.value = "38540"; };
  const auto ticket = rig_.bridge->complete({id, "", ""});
  ASSERT_FALSE(ticket);
  EXPECT_EQ(ticket.error().code, Errc::kCorrupt);
  EXPECT_THAT(ticket.error().detail, HasSubstr("ws1 number 1"));
}

TEST_F(WeighbridgeTickets, AVehicleHasOneOpenTicketAtItsSite) {
  const auto id = open_id("AB-123-C");
  expect_refused(rig_.start("ab-123-c"), "vehicle_open");
  EXPECT_THAT(rig_.start("AB-123-C").error().detail, HasSubstr("ticket " + std::to_string(id)));
  EXPECT_TRUE(rig_.start("AB-123-D"));
  ASSERT_TRUE(rig_.bridge->drop(id));
  EXPECT_TRUE(rig_.start("AB-123-C"));
}

TEST_F(WeighbridgeTickets, AStartSaysWhatIsWrongWithIt) {
  expect_malformed(rig_.start(""), "vehicle");
  expect_malformed(rig_.start(std::string(141, 'A')), "vehicle");
  expect_malformed(rig_.start("AB\n1"), "vehicle");
  expect_malformed(rig_.start("\xff"), "vehicle");
  expect_malformed(rig_.start("AB-1", "receive"), "direction");
  expect_malformed(rig_.start("AB-1", "Receive", "24,800"), "declared");
  expect_malformed(rig_.start("AB-1", "Receive", "-5"), "declared");
  expect_malformed(rig_.start("AB-1", "Receive", "1000000000000"), "declared");  // the server could not store it
  EXPECT_TRUE(rig_.bridge->open_tickets()->empty());
}

TEST_F(WeighbridgeTickets, AnOrderFillsInWhatWasNotSaid) {
  wire::GatewayConfig config;
  config.orders = {{"EWO-1", "silo-b", "", "XX-1", "", "Dispatch", "1"},
                   {"EWO-1", "silo-a", "LOT-7", "AB-1", "Saleh", "Receive", "24800"}};
  rig_.bridge->set_config(config);
  TicketStart order;
  order.order = "EWO-1";
  auto open = rig_.bridge->start(order);
  ASSERT_TRUE(open) << open.error().detail;
  EXPECT_EQ(open->vehicle, "AB-1");
  EXPECT_EQ(open->driver, "Saleh");
  EXPECT_EQ(open->direction, "Receive");
  EXPECT_EQ(open->declared_net_kg, "24800");
  EXPECT_EQ(open->lot, "LOT-7");
  EXPECT_EQ(open->order, "EWO-1");
  order.vehicle = "AB-2";
  order.direction = "Dispatch";
  order.declared_net_kg = "20000";
  open = rig_.bridge->start(order);
  EXPECT_EQ(open->vehicle, "AB-2");
  EXPECT_EQ(open->direction, "Dispatch");
  EXPECT_EQ(open->declared_net_kg, "20000");
  EXPECT_EQ(open->lot, "LOT-7");
  order.order = "EWO-2";
  order.vehicle = "AB-3";
  open = rig_.bridge->start(order);
  ASSERT_TRUE(open) << "an order that was not pulled yet stops no vehicle";
  EXPECT_EQ(open->order, "EWO-2");
  EXPECT_EQ(open->lot, "");
}

TEST_F(WeighbridgeTickets, AnOrdersTextsAreCheckedLikeAPersons) {
  wire::GatewayConfig config;
  // 140 letters fill a Frappe column; as UTF-8 these are more bytes than a record may carry.
  std::string long_name;
  for (int i = 0; i < 140; ++i) long_name += "\u0633";
  config.orders = {{"EWO-1", "silo-a", "", "AB-1", long_name, "Receive", ""},
                   {"EWO-2", "silo-a", "", " AB-2 ", "Saleh", "Receive", ""}};
  rig_.bridge->set_config(config);
  TicketStart order;
  order.order = "EWO-1";
  expect_malformed(rig_.bridge->start(order), "driver");
  order.driver = "Saleh";
  EXPECT_TRUE(rig_.bridge->start(order));
  TicketStart padded;
  padded.order = "EWO-2";
  EXPECT_EQ(rig_.bridge->start(padded)->vehicle, "AB-2");
}

TEST_F(WeighbridgeTickets, TheSitesToleranceDecides) {
  wire::GatewayConfig config;
  TolerancePolicy policy;
  policy.version = "1771500000000";
  policy.site = "silo-a";
  policy.tolerance_pct = "5";
  config.tolerances = {policy};
  rig_.bridge->set_config(config);
  const auto ticket = rig_.ticket("AB-1", 38'440, 14'580, "Receive", "24800");
  ASSERT_TRUE(ticket) << ticket.error().detail;
  EXPECT_FALSE(ticket->mismatch);
  EXPECT_EQ(ticket->difference_pct, "3.79");
  EXPECT_EQ(ticket->policy_version, "1771500000000");
}

TEST_F(WeighbridgeTickets, AVoidNamesItsTicketAndHappensOnce) {
  const auto ticket = rig_.ticket("AB-1", 38'440, 14'580);
  ASSERT_TRUE(ticket) << ticket.error().detail;
  expect_malformed(rig_.bridge->void_ticket({ticket->number, " ", ""}), "reason");
  EXPECT_EQ(rig_.bridge->void_ticket({"silo-a-S1-3-000002", "x", ""}).error().code, Errc::kNotFound);
  const auto record = rig_.bridge->void_ticket({ticket->number, "wrong lot", "op-7"});
  ASSERT_TRUE(record) << record.error().detail;
  EXPECT_EQ(record->action, "void");
  EXPECT_EQ(record->voids, ticket->stamp.uid);
  EXPECT_EQ(record->reason, "wrong lot");
  EXPECT_EQ(record->operator_id, "op-7");
  EXPECT_EQ(record->number, "");
  EXPECT_EQ(record->stamp.site, "silo-a");
  expect_refused(rig_.bridge->void_ticket({ticket->number, "again", ""}), "already_void");
  EXPECT_EQ(rig_.ticket("AB-1", 38'440, 14'580)->number, "silo-a-S1-3-000002");
}

TEST_F(WeighbridgeTickets, ADroppedTicketLeavesItsWeighings) {
  const auto id = open_id("AB-1");
  const auto first = rig_.weigh(38'440, id);
  ASSERT_TRUE(rig_.bridge->drop(id));
  EXPECT_TRUE(rig_.bridge->open_tickets()->empty());
  EXPECT_TRUE(rig_.store->weighing(first->stamp.uid));
  EXPECT_TRUE(rig_.bridge->tickets({}, 10)->empty());
  EXPECT_EQ(rig_.bridge->drop(id).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace edge
