#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocols/record/identity.h"
#include "tests/support/document_rig.h"

namespace edge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class TicketsTest : public test::DocumentRig {
 protected:
  std::vector<std::string> numbers() {
    std::vector<std::string> all;
    const auto tickets = *store_->tickets("", 100);
    for (const wire::ScaleTicket& ticket : tickets) all.push_back(ticket.number);
    return all;
  }
};

TEST_F(TicketsTest, KeepsAnOpenTicketAcrossARestart) {
  const OpenTicket made = *store_->put(test::open_ticket(clock_.utc_ms()));
  EXPECT_EQ(made.id, 1);
  open();
  const auto all = *store_->open_tickets();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].id, 1);
  EXPECT_EQ(all[0].site, "silo-a");
  EXPECT_EQ(all[0].scale, "ws1");
  EXPECT_EQ(all[0].vehicle, "AB-123-C");
  EXPECT_EQ(all[0].driver, "Salim");
  EXPECT_EQ(all[0].operator_id, "op-7");
  EXPECT_EQ(all[0].direction, "Receive");
  EXPECT_EQ(all[0].declared_net_kg, "24800");
  EXPECT_EQ(all[0].order, "EWO-0031");
  EXPECT_EQ(all[0].lot, "LOT-2026-14");
  EXPECT_EQ(all[0].opened_at, clock_.utc_ms());
  EXPECT_EQ(store_->totals().pending, 0) << "only finished tickets travel";
}

TEST_F(TicketsTest, ChangesAnOpenTicketButNeverItsWeighings) {
  OpenTicket ticket = *store_->put(test::open_ticket(clock_.utc_ms()));
  const wire::Weighing first = record("38440", ticket.id);
  ticket.vehicle = "XY-9";
  ticket.first_weighing = "another";
  ticket.second_weighing = "one more";
  const OpenTicket changed = *store_->put(ticket);
  EXPECT_EQ(changed.vehicle, "XY-9");
  EXPECT_EQ(changed.first_weighing, first.stamp.uid);
  EXPECT_EQ(changed.second_weighing, "");
  ticket.id = 99;
  EXPECT_EQ(store_->put(ticket).error().code, Errc::kNotFound);
  EXPECT_THAT(*store_->open_tickets(), SizeIs(1));
}

TEST_F(TicketsTest, GivesNoIdTwice) {
  const OpenTicket first = *store_->put(test::open_ticket(1));
  EXPECT_EQ(finish(first.id, wire::ScaleTicket{}).number, "") << "only taken away";
  EXPECT_THAT(*store_->open_tickets(), IsEmpty());
  open();
  EXPECT_EQ(store_->put(test::open_ticket(2))->id, 2);
  EXPECT_EQ(documents(), 0);
}

TEST_F(TicketsTest, FinishesWithANumberAUidAndARow) {
  const OpenTicket ticket = *store_->put(test::open_ticket(clock_.utc_ms()));
  const wire::ScaleTicket made = finish(ticket.id, test::ticket(clock_.utc_ms()));
  EXPECT_EQ(made.number, "silo-a-S1-3-000001");
  EXPECT_EQ(made.stamp.uid, uid_of_sequence(kGateway, "3", "scale_ticket", made.number));
  EXPECT_EQ(made.stamp.seq, 1);
  EXPECT_EQ(made.stamp.epoch, "3");
  EXPECT_THAT(*store_->open_tickets(), IsEmpty());
  EXPECT_EQ(wire::encode(store_->tickets(made.number, 1)->at(0)), wire::encode(made));
  const auto rows = pending();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].document, wire::encode(made));
  EXPECT_EQ(rows[0].observation.type, "scale_ticket");
  EXPECT_EQ(rows[0].observation.value, "23860");
  EXPECT_EQ(documents(), 1);
  EXPECT_EQ(store_->finish(ticket.id, test::ticket(1), "S1").error().code, Errc::kNotFound);
}

TEST_F(TicketsTest, NumbersEachSeriesDensely) {
  const wire::ScaleTicket first = finish(0, test::ticket(1));
  EXPECT_EQ(finish(0, test::ticket(2), "S2").number, "silo-a-S2-3-000001");
  EXPECT_EQ(finish(0, test::void_of(first, 3)).number, "") << "a void has none";
  EXPECT_EQ(finish(0, test::ticket(4, "correct")).number, "silo-a-S1-3-000002");
  open();
  EXPECT_EQ(finish(0, test::ticket(5)).number, "silo-a-S1-3-000003");
  ASSERT_TRUE(store_->grant_epoch("4"));
  EXPECT_EQ(finish(0, test::ticket(6)).number, "silo-a-S1-4-000001");
  EXPECT_THAT(numbers(), ElementsAre("silo-a-S1-4-000001", "silo-a-S1-3-000003", "silo-a-S1-3-000002", "",
                                     "silo-a-S2-3-000001", "silo-a-S1-3-000001"))
      << "newest first";
  EXPECT_THAT(*store_->tickets("silo-a-S1-3-000002", 5), SizeIs(1));
  EXPECT_THAT(*store_->tickets("silo-a-S1-3-000009", 5), IsEmpty());
  EXPECT_THAT(*store_->tickets("", 2), SizeIs(2));
}

TEST_F(TicketsTest, VoidsATicketOnce) {
  const wire::ScaleTicket target = finish(0, test::ticket(1));
  const wire::ScaleTicket made = finish(0, test::void_of(target, 2));
  EXPECT_EQ(made.stamp.uid, uid_of_sequence(kGateway, "3", "scale_ticket", "void/" + target.stamp.uid));
  EXPECT_EQ(store_->finish(0, test::void_of(target, 3), "S1").error().code, Errc::kRefused);
  EXPECT_EQ(documents(), 2);
}

TEST_F(TicketsTest, FindsAVoidByWhatItNamesInWhateverEpoch) {
  const wire::ScaleTicket target = finish(0, test::ticket(1));
  const wire::ScaleTicket other = finish(0, test::ticket(2));
  EXPECT_THAT(*store_->tickets("void/" + target.stamp.uid, 1), IsEmpty());
  const wire::ScaleTicket made = finish(0, test::void_of(target, 2));
  ASSERT_TRUE(store_->grant_epoch("4"));
  finish(0, test::void_of(other, 3));
  const auto found = *store_->tickets("void/" + target.stamp.uid, 5);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].stamp.uid, made.stamp.uid);
}

TEST_F(TicketsTest, ARefusedTicketTakesNoNumberAndStaysOpen) {
  const OpenTicket open_one = *store_->put(test::open_ticket(1));
  wire::ScaleTicket unfit = test::ticket(2);
  unfit.net = "23,860";
  EXPECT_EQ(store_->finish(open_one.id, unfit, "S1").error().code, Errc::kMalformed);
  EXPECT_EQ(store_->finish(open_one.id, test::ticket(2), "s 1").error().code, Errc::kMalformed);
  EXPECT_EQ(store_->finish(0, wire::ScaleTicket{}, "S1").error().code, Errc::kNotFound);
  EXPECT_THAT(*store_->open_tickets(), SizeIs(1));
  EXPECT_EQ(finish(open_one.id, test::ticket(3)).number, "silo-a-S1-3-000001");
}

TEST_F(TicketsTest, NumbersGoOnBehindSixDigits) {
  finish(0, test::ticket(1));
  store_.reset();
  {
    SQLite::Database db((dir_.path() / "edge.sqlite").string(), SQLite::OPEN_READWRITE);
    db.exec("UPDATE number_series SET last = 999999");
  }
  open();
  EXPECT_EQ(finish(0, test::ticket(2)).number, "silo-a-S1-3-1000000");
}

}  // namespace
}  // namespace edge
