#include "protocols/record/record_check.h"

#include <gtest/gtest.h>

#include <functional>

namespace edge {
namespace {

FieldText text(std::string_view value) { return {FieldText::Kind::kText, value}; }
FieldInt number(std::int64_t value) { return {FieldInt::Kind::kInt, value}; }
constexpr FieldText kNoText{};
constexpr FieldInt kNoInt{};
constexpr FieldText kOtherText{FieldText::Kind::kOther, {}};
constexpr FieldInt kOtherInt{FieldInt::Kind::kOther, 0};

constexpr std::string_view kUid = "6f24299c07187094bab81ef655773fca";
constexpr std::string_view kHash = "fc4bfdc284517c21b8601e716c32b2606a7bdf37e6511ac2ca126b7c671b4af0";
const std::string kLong(5000, 'x');

ObservationFields good_observation() {
  ObservationFields f;
  f.uid = text(kUid), f.identity = text("content"), f.site = text("silo-a"), f.device = text("bin3-t1");
  f.type = text("temperature"), f.time_source = text("device"), f.clock = text("synced");
  f.value = text("28.50"), f.unit = text("C"), f.flag = text("OK"), f.raw = text("{}"), f.raw_sha256 = text(kHash);
  f.policy_version = text("1771500000000");
  f.seq = number(1), f.index = number(0), f.observed_at = number(1771840800000), f.received_at = number(1771840800412);
  f.raw_bytes = number(2);
  f.has_reasons = true;
  return f;
}

struct ObservationCase {
  const char* name;
  std::function<void(ObservationFields&)> change;
  const char* field;  ///< empty: still good
  RejectCode code = RejectCode::kMalformed;
};
const ObservationCase kObservationCases[] = {
    {"Good", [](auto&) {}, ""},
    {"NoValue", [](auto& f) { f.value = kNoText; }, ""},
    {"NoUnit", [](auto& f) { f.unit = kNoText; }, ""},
    {"NoIndex", [](auto& f) { f.index = kNoInt; }, ""},
    {"NoPolicy", [](auto& f) { f.policy_version = kNoText; }, ""},
    {"UnsyncedClockSays1970", [](auto& f) { f.observed_at = number(12); }, ""},
    {"EmptyRaw", [](auto& f) { f.raw = text(""), f.raw_bytes = number(0); }, ""},
    {"Reasons",
     [](auto& f) {
       f.reasons = {"critical_max:35", "no_policy"};
     },
     ""},
    {"NoUid", [](auto& f) { f.uid = kNoText; }, "uid", RejectCode::kBadUid},
    {"UpperCaseUid", [](auto& f) { f.uid = text("6F24299C07187094BAB81EF655773FCA"); }, "uid", RejectCode::kBadUid},
    {"ShortUid", [](auto& f) { f.uid = text("6f24"); }, "uid", RejectCode::kBadUid},
    {"UidIsNoText", [](auto& f) { f.uid = kOtherText; }, "uid", RejectCode::kBadUid},
    {"SeqZero", [](auto& f) { f.seq = number(0); }, "seq"},
    {"NoSeq", [](auto& f) { f.seq = kNoInt; }, "seq"},
    {"SeqIsNoInt", [](auto& f) { f.seq = kOtherInt; }, "seq"},
    {"Identity", [](auto& f) { f.identity = text("guess"); }, "identity"},
    {"NoSite", [](auto& f) { f.site = kNoText; }, "site"},
    {"SiteWithBlank", [](auto& f) { f.site = text("silo a"); }, "site"},
    {"LongSite", [](auto& f) { f.site = text(kLong); }, "site", RejectCode::kTooLong},
    {"HostileDevice", [](auto& f) { f.device = text("<img onerror>"); }, "device"},
    {"UpperCaseType", [](auto& f) { f.type = text("Temperature"); }, "type"},
    {"LongType", [](auto& f) { f.type = text(kLong); }, "type", RejectCode::kTooLong},
    {"NegativeIndex", [](auto& f) { f.index = number(-1); }, "index"},
    {"HugeIndex", [](auto& f) { f.index = number(INT64_MAX); }, "index"},
    {"NoObservedAt", [](auto& f) { f.observed_at = kNoInt; }, "observed_at"},
    {"BeforeEpoch", [](auto& f) { f.observed_at = number(-1); }, "observed_at"},
    {"BeyondDatabases", [](auto& f) { f.observed_at = number(INT64_MAX); }, "observed_at"},
    {"NoReceivedAt", [](auto& f) { f.received_at = kOtherInt; }, "received_at"},
    {"TimeSource", [](auto& f) { f.time_source = text("guess"); }, "time_source"},
    {"Clock", [](auto& f) { f.clock = kNoText; }, "clock"},
    {"ValueIsANumber", [](auto& f) { f.value = kOtherText; }, "value"},
    {"ValueWithComma", [](auto& f) { f.value = text("28,5"); }, "value"},
    {"ValueTooLarge", [](auto& f) { f.value = text("1000000000000"); }, "value"},
    {"ValueTooLong", [](auto& f) { f.value = text("1.2345678901234567890123456789012345678901"); }, "value",
     RejectCode::kTooLong},
    {"ValueIn", [](auto& f) { f.value_in = text("warm"); }, "value_in"},
    {"LongUnit", [](auto& f) { f.unit = text(kLong); }, "unit", RejectCode::kTooLong},
    {"UnitIsNoUtf8", [](auto& f) { f.unit = text("\xb0"); }, "unit"},
    {"LongUnitIn", [](auto& f) { f.unit_in = text(kLong); }, "unit_in", RejectCode::kTooLong},
    {"Flag", [](auto& f) { f.flag = text("ok"); }, "flag"},
    {"NoReasons", [](auto& f) { f.has_reasons = false; }, "reasons"},
    {"BadReason", [](auto& f) { f.reasons = {"Bad Reason"}; }, "reasons"},
    {"ManyReasons", [](auto& f) { f.reasons.assign(65, "a"); }, "reasons", RejectCode::kTooLong},
    {"LongPolicyVersion", [](auto& f) { f.policy_version = text(kLong); }, "policy_version", RejectCode::kTooLong},
    {"NoRaw", [](auto& f) { f.raw = kNoText; }, "raw"},
    {"LongRaw", [](auto& f) { f.raw = text(kLong); }, "raw", RejectCode::kTooLong},
    {"NegativeRawBytes", [](auto& f) { f.raw_bytes = number(-1); }, "raw_bytes"},
    {"RawHash", [](auto& f) { f.raw_sha256 = text(kUid); }, "raw_sha256"},
};
class CheckObservation : public testing::TestWithParam<ObservationCase> {};
TEST_P(CheckObservation, NamesTheFirstFieldThatIsWrong) {
  ObservationFields fields = good_observation();
  GetParam().change(fields);
  const auto got = check_observation(fields);
  ASSERT_EQ(got.has_value(), *GetParam().field != '\0') << (got ? got->message : "");
  if (!got) return;
  EXPECT_EQ(got->field, GetParam().field);
  EXPECT_EQ(to_text(got->code), to_text(GetParam().code));
  EXPECT_EQ(got->message.rfind(GetParam().field, 0), 0U) << got->message;
}
INSTANTIATE_TEST_SUITE_P(Fields, CheckObservation, testing::ValuesIn(kObservationCases),
                         [](const auto& row) { return row.param.name; });

GapFields good_gap() {
  return {text(kUid),    text("silo-a"), text("bin3-t1"),       text("thinned_ok"),    number(184470),
          number(90112), number(94207),  number(1771700000000), number(1771703600000), number(3991)};
}

struct GapCase {
  const char* name;
  std::function<void(GapFields&)> change;
  const char* field;
};
const GapCase kGapCases[] = {
    {"Good", [](auto&) {}, ""},
    {"NoSite", [](auto& f) { f.site = kNoText; }, ""},
    {"SeveralDevices", [](auto& f) { f.device = kNoText; }, ""},
    {"OneRow", [](auto& f) { f.to_seq = f.from_seq, f.count = number(1); }, ""},
    {"WholeRange", [](auto& f) { f.count = number(4096); }, ""},
    {"EveryRowThereCanBe", [](auto& f) { f.from_seq = number(1), f.to_seq = f.count = number(INT64_MAX); }, ""},
    {"ClockWasSetBack", [](auto& f) { f.from_at = number(1771703600001); }, ""},
    {"Uid", [](auto& f) { f.uid = text("x"); }, "uid"},
    {"BadSite", [](auto& f) { f.site = text("a b"); }, "site"},
    {"BadDevice", [](auto& f) { f.device = kOtherText; }, "device"},
    {"FromZero", [](auto& f) { f.from_seq = number(0); }, "from_seq"},
    {"Backwards", [](auto& f) { f.to_seq = number(90111); }, "to_seq"},
    {"MoreThanTheRange", [](auto& f) { f.count = number(4097); }, "count"},
    {"Nothing", [](auto& f) { f.count = number(0); }, "count"},
    {"NoTime", [](auto& f) { f.from_at = kNoInt; }, "from_at"},
    {"BadTime", [](auto& f) { f.to_at = number(INT64_MIN); }, "to_at"},
    {"UnknownReason", [](auto& f) { f.reason = text("because"); }, "reason"},
};
class CheckGap : public testing::TestWithParam<GapCase> {};
TEST_P(CheckGap, NamesTheFirstFieldThatIsWrong) {
  GapFields fields = good_gap();
  GetParam().change(fields);
  const auto got = check_gap(fields);
  EXPECT_EQ(got ? got->field : "", GetParam().field) << (got ? got->message : "");
}
INSTANTIATE_TEST_SUITE_P(Fields, CheckGap, testing::ValuesIn(kGapCases),
                         [](const auto& row) { return row.param.name; });

AmendFields good_amend() {
  AmendFields f;
  f.uid = text(kUid), f.target = text("804532d4d937d83fa48a637d11f2eecf"), f.cause = text("spike");
  f.flag = text("Warning"), f.seq = number(184471), f.has_reasons = true, f.reasons = {"spike:6.2"};
  return f;
}

struct AmendCase {
  const char* name;
  std::function<void(AmendFields&)> change;
  const char* field;
};
const AmendCase kAmendCases[] = {
    {"Good", [](auto&) {}, ""},
    {"Site", [](auto& f) { f.site = text("silo-a"); }, ""},
    {"NoReasonsLeft", [](auto& f) { f.reasons.clear(); }, ""},
    {"Clock", [](auto& f) { f.cause = text("clock"), f.observed_at = number(1), f.clock = text("corrected"); }, ""},
    {"Uid", [](auto& f) { f.uid = kNoText; }, "uid"},
    {"Seq", [](auto& f) { f.seq = kNoInt; }, "seq"},
    {"Target", [](auto& f) { f.target = text("x"); }, "target"},
    {"NoTarget", [](auto& f) { f.target = kNoText; }, "target"},
    {"Cause", [](auto& f) { f.cause = text("mood"); }, "cause"},
    {"Flag", [](auto& f) { f.flag = kOtherText; }, "flag"},
    {"NoReasons", [](auto& f) { f.has_reasons = false; }, "reasons"},
    {"ClockWithoutTime", [](auto& f) { f.cause = text("clock"); }, "observed_at"},
    {"ClockState", [](auto& f) { f.clock = text("fine"); }, "clock"},
};
class CheckAmend : public testing::TestWithParam<AmendCase> {};
TEST_P(CheckAmend, NamesTheFirstFieldThatIsWrong) {
  AmendFields fields = good_amend();
  GetParam().change(fields);
  const auto got = check_amend(fields);
  EXPECT_EQ(got ? got->field : "", GetParam().field) << (got ? got->message : "");
}
INSTANTIATE_TEST_SUITE_P(Fields, CheckAmend, testing::ValuesIn(kAmendCases),
                         [](const auto& row) { return row.param.name; });

TEST(RejectCode, HasItsNameOfTheWire) {
  EXPECT_EQ(to_text(RejectCode::kMalformed), "malformed");
  EXPECT_EQ(to_text(RejectCode::kUnknownKind), "unknown_kind");
  EXPECT_EQ(to_text(RejectCode::kBadUid), "bad_uid");
  EXPECT_EQ(to_text(RejectCode::kTooLong), "too_long");
}

}  // namespace
}  // namespace edge
