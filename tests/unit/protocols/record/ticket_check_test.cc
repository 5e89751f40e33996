#include <gtest/gtest.h>

#include <functional>

#include "protocols/record/identity.h"
#include "protocols/record/record_check.h"

namespace edge {
namespace {

constexpr FieldText kNoText{};
constexpr FieldInt kNoInt{};
constexpr FieldText kOtherText{FieldText::Kind::kOther, {}};
constexpr std::string_view kGateway = "gw-silo-a";
constexpr std::string_view kUid = "d72822587bbbced61a39f584cd0c6b14";
constexpr std::string_view kTarget = "932a4af8e6c52ebde94c2cf4d3109adc";
const std::string kLong(5000, 'x');

FieldText text(std::string_view value) { return {FieldText::Kind::kText, value}; }
FieldInt number(std::int64_t value) { return {FieldInt::Kind::kInt, value}; }

/// The ticket of wire.md §3.
TicketFields ticket_207() {
  TicketFields f;
  f.uid = text(kUid), f.seq = number(184469), f.site = text("silo-a"), f.scale = text("ws1");
  f.action = text("complete"), f.number = text("silo-a-S1-3-000207"), f.at = number(1771843020500);
  f.direction = text("Receive"), f.unit = text("kg"), f.gross = text("38440"), f.tare = text("14580");
  f.net = text("23860"), f.gross_kg = text("38440.000"), f.tare_kg = text("14580.000"), f.net_kg = text("23860.000");
  f.gross_weighing = text(kTarget), f.tare_weighing = text("cb560f5cdeed2b42a62eb70505f8f62f");
  f.declared_net_kg = text("24800"), f.order = text("EWO-0031"), f.lot = text("LOT-2026-14");
  f.vehicle = text("AB-123-C"), f.driver = text("…"), f.operator_id = text("op-7"), f.stability = text("Indicator");
  f.manual = {FieldBool::Kind::kBool, false}, f.prints = number(1), f.mismatch = {FieldBool::Kind::kBool, true};
  f.has_reasons = true, f.reasons = {"net_vs_declared:-3.79%"};
  f.difference_kg = text("-940.000"), f.difference_pct = text("3.79"), f.policy_version = text("1771500000000");
  f.alibi_hash = text("3947686b2992ed98501015f545c98b4b7ce8199a7b82ba7a526ad6569bd15a3c");
  return f;
}

std::string wrong_field(const TicketFields& fields, std::string_view epoch = "3") {
  const auto wrong = check_ticket(fields, kGateway, epoch);
  return wrong ? wrong->field : "";
}

TEST(CheckTicket, TakesTheExampleOfTheWire) {
  EXPECT_EQ(wrong_field(ticket_207()), "");
  const TicketFields f = ticket_207();
  EXPECT_EQ(identity_of_ticket({f.site.text, f.number.text, f.gross.text, f.tare.text, f.net.text, f.unit.text,
                                f.gross_weighing.text, f.tare_weighing.text}),
            "28470990654dec19b6da5f6998a6cea4");
}

TEST(CheckTicket, UidIsOfGatewayEpochAndNumber) {
  EXPECT_EQ(wrong_field(ticket_207(), "4"), "uid");
  TicketFields fields = ticket_207();
  fields.epoch = text("3");
  EXPECT_EQ(wrong_field(fields, "4"), "");
  fields.number = text("silo-a-S1-3-000208");
  const auto wrong = check_ticket(fields, kGateway, "4");
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->code, RejectCode::kBadUid);
  EXPECT_TRUE(check_ticket(ticket_207(), "gw-silo-b", "3"));
}

struct FormCase {
  const char* name;
  std::function<void(TicketFields&)> change;
  const char* field;  ///< empty: still good
  RejectCode code = RejectCode::kMalformed;
};
const FormCase kForms[] = {
    {"OnlyWhatMustBe",
     [](auto& f) {
       f.gross_kg = f.tare_kg = f.net_kg = f.gross_weighing = f.tare_weighing = f.declared_net_kg = f.order = kNoText;
       f.lot = f.vehicle = f.driver = f.operator_id = f.stability = f.difference_kg = f.difference_pct = kNoText;
       f.policy_version = f.alibi_hash = kNoText, f.prints = kNoInt, f.manual = f.mismatch = {}, f.reasons.clear();
     },
     ""},
    {"StoredTare",
     [](auto& f) { f.tare_weighing = kNoText, f.tare_vehicle = text("AB-123-C"), f.tare_at = number(1771000000000); },
     ""},
    {"WrongNetIsJudgedNotRefused", [](auto& f) { f.net = text("1"); }, ""},
    {"NegativeNet", [](auto& f) { f.net = text("-23860"); }, ""},
    {"Dispatch", [](auto& f) { f.direction = text("Dispatch"); }, ""},
    {"UnitIsJudgedNotRefused", [](auto& f) { f.unit = text("bushel"); }, ""},
    {"Uid", [](auto& f) { f.uid = text("no"); }, "uid", RejectCode::kBadUid},
    {"Seq", [](auto& f) { f.seq = kNoInt; }, "seq"},
    {"NoSite", [](auto& f) { f.site = kNoText; }, "site"},
    {"NoScale", [](auto& f) { f.scale = kNoText; }, "scale"},
    {"Epoch", [](auto& f) { f.epoch = text("p"); }, "epoch"},
    {"NoAction", [](auto& f) { f.action = kNoText; }, "action"},
    {"Action", [](auto& f) { f.action = text("open"); }, "action"},
    {"NoTime", [](auto& f) { f.at = kNoInt; }, "at"},
    {"NoNumber", [](auto& f) { f.number = kNoText; }, "number"},
    {"NumberOfDesk", [](auto& f) { f.number = text("TICKET-17"); }, "number"},
    {"LongNumber", [](auto& f) { f.number = text(kLong); }, "number", RejectCode::kTooLong},
    {"NoDirection", [](auto& f) { f.direction = kNoText; }, "direction"},
    {"Direction", [](auto& f) { f.direction = text("In"); }, "direction"},
    {"NoUnit", [](auto& f) { f.unit = kNoText; }, "unit"},
    {"NoGross", [](auto& f) { f.gross = kNoText; }, "gross"},
    {"GrossIsANumber", [](auto& f) { f.gross = kOtherText; }, "gross"},
    {"TareWithComma", [](auto& f) { f.tare = text("14,58"); }, "tare"},
    {"NoNet", [](auto& f) { f.net = kNoText; }, "net"},
    {"NetKg", [](auto& f) { f.net_kg = text("x"); }, "net_kg"},
    {"GrossWeighing", [](auto& f) { f.gross_weighing = text("412"); }, "gross_weighing"},
    {"TareWeighing", [](auto& f) { f.tare_weighing = kOtherText; }, "tare_weighing"},
    {"TareAt", [](auto& f) { f.tare_at = number(-1); }, "tare_at"},
    {"Declared", [](auto& f) { f.declared_net_kg = text("much"); }, "declared_net_kg"},
    {"LongVehicle", [](auto& f) { f.vehicle = text(kLong); }, "vehicle", RejectCode::kTooLong},
    {"DriverIsNoUtf8", [](auto& f) { f.driver = text("\xff"); }, "driver"},
    {"Stability", [](auto& f) { f.stability = text("stable"); }, "stability"},
    {"Manual",
     [](auto& f) {
       f.manual = {FieldBool::Kind::kOther, false};
     },
     "manual"},
    {"Mismatch",
     [](auto& f) {
       f.mismatch = {FieldBool::Kind::kOther, false};
     },
     "mismatch"},
    {"Prints", [](auto& f) { f.prints = number(-1); }, "prints"},
    {"NoReasons", [](auto& f) { f.has_reasons = false; }, "reasons"},
    {"Reason", [](auto& f) { f.reasons = {"Bad Reason"}; }, "reasons"},
    {"DifferencePct", [](auto& f) { f.difference_pct = text("3.79%"); }, "difference_pct"},
    {"AlibiHash", [](auto& f) { f.alibi_hash = text(kUid); }, "alibi_hash"},
    {"CorrectsWithoutCorrection", [](auto& f) { f.corrects = text(kTarget); }, "corrects"},
    {"CorrectionOfNothing", [](auto& f) { f.action = text("correct"); }, "corrects"},
    {"CorrectionOfNoUid", [](auto& f) { f.action = text("correct"), f.corrects = text("207"); }, "corrects"},
    {"Correction", [](auto& f) { f.action = text("correct"), f.corrects = text(kTarget); }, ""},
    {"VoidsWithoutVoid", [](auto& f) { f.voids = text(kTarget); }, "voids"},
    {"LongReason", [](auto& f) { f.reason = text(kLong); }, "reason", RejectCode::kTooLong},
};
class TicketForm : public testing::TestWithParam<FormCase> {};
TEST_P(TicketForm, NamesTheFirstFieldThatIsWrong) {
  TicketFields fields = ticket_207();
  GetParam().change(fields);
  const auto got = check_ticket(fields, kGateway, "3");
  ASSERT_EQ(got.has_value(), *GetParam().field != '\0') << (got ? got->message : "");
  if (!got) return;
  EXPECT_EQ(got->field, GetParam().field);
  EXPECT_EQ(to_text(got->code), to_text(GetParam().code));
  EXPECT_EQ(got->message.rfind(GetParam().field, 0), 0U) << got->message;
}
INSTANTIATE_TEST_SUITE_P(Fields, TicketForm, testing::ValuesIn(kForms), [](const auto& row) { return row.param.name; });

const FormCase kVoids[] = {
    {"Good", [](auto&) {}, ""},
    {"Scale", [](auto& f) { f.scale = text("ws1"); }, ""},
    {"NoTarget", [](auto& f) { f.voids = kNoText; }, "voids"},
    {"NoReason", [](auto& f) { f.reason = kNoText; }, "reason"},
    {"BlankReason", [](auto& f) { f.reason = text("  "); }, "reason"},
    {"Number", [](auto& f) { f.number = text("silo-a-S1-3-000207"); }, "number"},
    {"Gross", [](auto& f) { f.gross = text("0"); }, "gross"},
    {"Tare", [](auto& f) { f.tare = kOtherText; }, "tare"},
    {"Net", [](auto& f) { f.net = text("0"); }, "net"},
    {"Weighing", [](auto& f) { f.gross_weighing = text(kTarget); }, "gross_weighing"},
    {"Corrects", [](auto& f) { f.corrects = text(kTarget); }, "corrects"},
    {"OfAnotherTarget", [](auto& f) { f.voids = text(kTarget); }, "uid"},
};
class VoidForm : public testing::TestWithParam<FormCase> {};
TEST_P(VoidForm, NamesTheFirstFieldThatIsWrong) {
  const std::string uid = uid_of_sequence(kGateway, "3", "scale_ticket", "void/" + std::string(kUid));
  TicketFields fields;
  fields.uid = text(uid), fields.seq = number(9), fields.site = text("silo-a"), fields.action = text("void");
  fields.at = number(1771843020500), fields.voids = text(kUid), fields.reason = text("wrong truck");
  GetParam().change(fields);
  EXPECT_EQ(wrong_field(fields), GetParam().field);
}
INSTANTIATE_TEST_SUITE_P(Fields, VoidForm, testing::ValuesIn(kVoids), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace edge
