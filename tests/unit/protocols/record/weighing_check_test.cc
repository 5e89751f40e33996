#include <gtest/gtest.h>

#include <functional>

#include "protocols/record/chain.h"
#include "protocols/record/identity.h"
#include "protocols/record/record_check.h"

namespace edge {
namespace {

constexpr FieldText kNoText{};
constexpr FieldInt kNoInt{};
constexpr FieldText kOtherText{FieldText::Kind::kOther, {}};
constexpr FieldInt kOtherInt{FieldInt::Kind::kOther, 0};
constexpr std::string_view kGateway = "gw-silo-a";
constexpr std::string_view kHash412 = "16f417ca4d81a512b68bdec76bf9d61acd4863d0aa2017a1cd1e71c1d4cff889";
constexpr std::string_view kHash413 = "3947686b2992ed98501015f545c98b4b7ce8199a7b82ba7a526ad6569bd15a3c";
const std::string kLong(5000, 'x');

FieldText text(std::string_view value) { return {FieldText::Kind::kText, value}; }
FieldInt number(std::int64_t value) { return {FieldInt::Kind::kInt, value}; }

/// The weighing ws1/412 of wire.md §3.
WeighingFields weighing_412() {
  WeighingFields f;
  f.uid = text("932a4af8e6c52ebde94c2cf4d3109adc"), f.seq = number(184468), f.site = text("silo-a");
  f.scale = text("ws1"), f.alibi_seq = number(412), f.at = number(1771841101250), f.clock = text("synced");
  f.boot = text("5f0c9a1e"), f.mono_ms = number(86701373), f.value = text("38440"), f.unit = text("kg");
  f.kg = text("38440.000"), f.e = text("20"), f.mode = text("gross"), f.role = text("gross");
  f.stability = text("Indicator"), f.stable_ms = number(1200), f.spread = text("0");
  f.zero_seen_at = number(1771841040000), f.profile = text("toledo"), f.checksum = text("ok");
  f.raw_hex = text("023130203030333834343030303030300d1d"), f.manual = {FieldBool::Kind::kBool, false};
  f.operator_id = text("op-7");
  f.prev_hash = text("6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d"), f.hash = text(kHash412);
  return f;
}
WeighingFields weighing_413() {
  WeighingFields f = weighing_412();
  f.uid = text("cb560f5cdeed2b42a62eb70505f8f62f"), f.seq = number(184470), f.alibi_seq = number(413);
  f.at = number(1771843020500), f.value = text("14580"), f.kg = text("14580.000"), f.role = text("tare");
  f.raw_hex = text("023130203030313435383030303030300d1e"), f.prev_hash = text(kHash412), f.hash = text(kHash413);
  return f;
}

std::string wrong_field(const WeighingFields& fields, std::string_view epoch = "3") {
  const auto wrong = check_weighing(fields, kGateway, epoch);
  return wrong ? wrong->field : "";
}

/// `fields` with the uid and hash of what they say.
struct Sealed {
  std::string uid, hash;
  WeighingFields fields;
};
Sealed sealed(const WeighingFields& fields) {
  Sealed made;
  const std::string key = std::string(fields.scale.text) + '/' + std::to_string(fields.alibi_seq.value);
  made.uid = uid_of_sequence(kGateway, "3", "weighing", key);
  made.hash = hash_of_weighing(fields, kGateway, "3");
  made.fields = fields;
  return made;
}
std::string wrong_when_sealed(const WeighingFields& fields) {
  Sealed made = sealed(fields);
  made.fields.uid = text(made.uid), made.fields.hash = text(made.hash);
  return wrong_field(made.fields);
}

TEST(CheckWeighing, TakesTheVectorsOfTheWire) {
  EXPECT_EQ(wrong_field(weighing_412()), "");
  EXPECT_EQ(wrong_field(weighing_413()), "");
}

TEST(CheckWeighing, OwnEpochWinsOverTheBatchs) {
  WeighingFields fields = weighing_412();
  EXPECT_EQ(wrong_field(fields, "4"), "uid");
  fields.epoch = text("3");
  EXPECT_EQ(wrong_field(fields, "4"), "");
}

TEST(CheckWeighing, UidIsOfThisGateway) {
  const auto wrong = check_weighing(weighing_412(), "gw-silo-b", "3");
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->code, RejectCode::kBadUid);
  EXPECT_EQ(wrong->field, "uid");
}

// What was changed on the way is refused: every part of the hash.
const std::vector<std::function<void(WeighingFields&)>> kChanges = {
    [](auto& f) { f.prev_hash = text(kHash413); },
    [](auto& f) { f.site = text("silo-b"); },
    [](auto& f) { f.at = number(1771841101251); },
    [](auto& f) { f.value = text("38460"), f.kg = text("38460.000"); },
    [](auto& f) { f.value = text("38440.0"); },
    [](auto& f) { f.unit = text("KG"); },
    [](auto& f) { f.e = text("10"); },
    [](auto& f) { f.mode = text("net"); },
    [](auto& f) { f.role = text("tare"); },
    [](auto& f) { f.stability = text("Inferred"); },
    [](auto& f) { f.raw_hex = text("02"); },
    [](auto& f) { f.indicator_alibi = text("17"); },
    [](auto& f) { f.manual.value = true; },
    [](auto& f) { f.operator_id = text("op-8"); },
    [](auto& f) { f.override_reason = text("no_zero_return: x"); },
    [](auto& f) { f.reason = text("display dark"); },
};
TEST(CheckWeighing, EveryChangeBreaksTheHash) {
  for (std::size_t i = 0; i < kChanges.size(); ++i) {
    WeighingFields fields = weighing_412();
    kChanges[i](fields);
    EXPECT_EQ(wrong_field(fields), "hash") << "change " << i;
    EXPECT_EQ(wrong_when_sealed(fields), "") << "change " << i << " alone is no fault of form";
  }
}

TEST(CheckWeighing, OverrideIsHashedBeforeAReason) {
  WeighingFields both = weighing_412();
  both.override_reason = text("no_zero_return: x"), both.reason = text("y");
  WeighingFields one = weighing_412();
  one.override_reason = text("no_zero_return: x");
  EXPECT_EQ(hash_of_weighing(both, kGateway, "3"), hash_of_weighing(one, kGateway, "3"));
}

struct FormCase {
  const char* name;
  std::function<void(WeighingFields&)> change;
  const char* field;  ///< empty: still good, with the hash of what it says
  RejectCode code = RejectCode::kMalformed;
};
const FormCase kForms[] = {
    {"OnlyWhatMustBe",
     [](auto& f) {
       f.boot = f.e = f.mode = f.spread = f.profile = f.checksum = f.raw_hex = f.operator_id = kNoText;
       f.mono_ms = f.stable_ms = f.zero_seen_at = kNoInt;
       f.manual = {};
     },
     ""},
    {"Pounds", [](auto& f) { f.unit = text("lb"), f.value = text("84740"), f.kg = text("38437.417"); }, ""},
    {"Negative", [](auto& f) { f.value = text("-20"), f.kg = text("-20.000"); }, ""},
    {"RoleUnknown", [](auto& f) { f.role = text("unknown"); }, ""},
    {"LongNote", [](auto& f) { f.reason = text(std::string_view(kLong).substr(0, 500)); }, ""},
    {"ProvisionalEpoch", [](auto& f) { f.epoch = text("p5f0c9a1e"); }, "uid", RejectCode::kBadUid},
    {"Uid", [](auto& f) { f.uid = text("x"); }, "uid", RejectCode::kBadUid},
    {"NoUid", [](auto& f) { f.uid = kNoText; }, "uid", RejectCode::kBadUid},
    {"Seq", [](auto& f) { f.seq = number(0); }, "seq"},
    {"NoSite", [](auto& f) { f.site = kNoText; }, "site"},
    {"ScaleWithSlash", [](auto& f) { f.scale = text("ws1/4"); }, "scale"},
    {"Epoch", [](auto& f) { f.epoch = text("three"); }, "epoch"},
    {"NoAlibiSeq", [](auto& f) { f.alibi_seq = kNoInt; }, "alibi_seq"},
    {"NegativeAlibiSeq", [](auto& f) { f.alibi_seq = number(-1); }, "alibi_seq"},
    {"AlibiSeqOfAGenesis", [](auto& f) { f.alibi_seq = number(0); }, "alibi_seq"},
    {"NoTime", [](auto& f) { f.at = kOtherInt; }, "at"},
    {"Clock", [](auto& f) { f.clock = text("fast"); }, "clock"},
    {"Role", [](auto& f) { f.role = text("net"); }, "role"},
    {"NoRole", [](auto& f) { f.role = kNoText; }, "role"},
    {"PrevHash", [](auto& f) { f.prev_hash = text("6DA0"); }, "prev_hash"},
    {"NoHash", [](auto& f) { f.hash = kNoText; }, "hash"},
    {"NoValue", [](auto& f) { f.value = kNoText; }, "value"},
    {"ValueIsANumber", [](auto& f) { f.value = kOtherText; }, "value"},
    {"ValueWithComma", [](auto& f) { f.value = text("38,44"); }, "value"},
    {"ValueNotCanonical", [](auto& f) { f.value = text("038440"); }, "value"},
    {"ValueWithTooManyDigits", [](auto& f) { f.value = text("123456789012.1234"); }, "value"},
    {"NoUnit", [](auto& f) { f.unit = kNoText; }, "unit"},
    {"NotAUnitOfMass", [](auto& f) { f.unit = text("C"); }, "unit"},
    {"NoKg", [](auto& f) { f.kg = kNoText; }, "kg"},
    {"KgOfAnother", [](auto& f) { f.kg = text("38460.000"); }, "kg"},
    {"KgNotToTheGram", [](auto& f) { f.kg = text("38440"); }, "kg"},
    {"KgRoundedDown", [](auto& f) { f.unit = text("lb"), f.value = text("50000"), f.kg = text("22679.618"); }, "kg"},
    {"NoStability", [](auto& f) { f.stability = kNoText; }, "stability"},
    {"Stability", [](auto& f) { f.stability = text("indicator"); }, "stability"},
    {"Mode", [](auto& f) { f.mode = text("brutto"); }, "mode"},
    {"E", [](auto& f) { f.e = text("twenty"); }, "e"},
    {"StableFor", [](auto& f) { f.stable_ms = number(-1); }, "stable_ms"},
    {"Spread", [](auto& f) { f.spread = kOtherText; }, "spread"},
    {"ZeroSeen", [](auto& f) { f.zero_seen_at = number(-5); }, "zero_seen_at"},
    {"Checksum", [](auto& f) { f.checksum = text("good"); }, "checksum"},
    {"RawOddDigits", [](auto& f) { f.raw_hex = text("023"); }, "raw_hex"},
    {"RawUpperCase", [](auto& f) { f.raw_hex = text("0D"); }, "raw_hex"},
    {"RawLong", [](auto& f) { f.raw_hex = text(kLong); }, "raw_hex", RejectCode::kTooLong},
    {"ManualIsNoBool",
     [](auto& f) {
       f.manual = {FieldBool::Kind::kOther, false};
     },
     "manual"},
    {"LongOperator", [](auto& f) { f.operator_id = text(kLong); }, "operator", RejectCode::kTooLong},
    {"Tare", [](auto& f) { f.tare = text("-"); }, "tare"},
    {"LongOverride", [](auto& f) { f.override_reason = text(kLong); }, "override", RejectCode::kTooLong},
    {"ReasonIsNoUtf8", [](auto& f) { f.reason = text("\xff"); }, "reason"},
    {"GenesisInTheMiddle", [](auto& f) { f.has_genesis = true; }, "genesis"},
    {"GenesisIsNoObject", [](auto& f) { f.bad_genesis = true; }, "genesis"},
};
class WeighingForm : public testing::TestWithParam<FormCase> {};
TEST_P(WeighingForm, NamesTheFirstFieldThatIsWrong) {
  WeighingFields fields = weighing_412();
  GetParam().change(fields);
  if (*GetParam().field == '\0') {
    EXPECT_EQ(wrong_when_sealed(fields), "");
    return;
  }
  const auto got = check_weighing(fields, kGateway, "3");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->field, GetParam().field) << got->message;
  EXPECT_EQ(to_text(got->code), to_text(GetParam().code));
  EXPECT_EQ(got->message.rfind(GetParam().field, 0), 0U) << got->message;
}
INSTANTIATE_TEST_SUITE_P(Fields, WeighingForm, testing::ValuesIn(kForms),
                         [](const auto& row) { return row.param.name; });

WeighingFields genesis() {
  WeighingFields f;
  f.seq = number(1), f.site = text("silo-a"), f.scale = text("ws1"), f.alibi_seq = number(0);
  f.at = number(1771841101250), f.clock = text("synced"), f.role = text("genesis"), f.prev_hash = text(kNoHash);
  f.uid = text("932a4af8e6c52ebde94c2cf4d3109adc"), f.hash = text(kHash412);
  return f;
}
void name_epoch_before(WeighingFields& f) {
  f.has_genesis = true;
  f.genesis_epoch = text("2"), f.genesis_alibi_seq = number(411), f.genesis_hash = text(kHash413);
}

TEST(CheckGenesis, IsGoodWithAndWithoutAnEpochBefore) {
  WeighingFields fields = genesis();
  EXPECT_EQ(wrong_when_sealed(fields), "");
  const std::string of_new_scale = hash_of_weighing(fields, kGateway, "3");
  name_epoch_before(fields);
  EXPECT_EQ(wrong_when_sealed(fields), "");
  EXPECT_NE(hash_of_weighing(fields, kGateway, "3"), of_new_scale);
}

const FormCase kGenesisForms[] = {
    {"Value", [](auto& f) { f.value = text("0"); }, "value"},
    {"Kg", [](auto& f) { f.kg = text("0.000"); }, "kg"},
    {"NotAtZero", [](auto& f) { f.alibi_seq = number(1); }, "alibi_seq"},
    {"WithAPredecessor", [](auto& f) { f.prev_hash = text(kHash412); }, "prev_hash"},
    {"NoObject", [](auto& f) { f.has_genesis = false, f.bad_genesis = true; }, "genesis"},
    {"NoEpoch", [](auto& f) { f.genesis_epoch = kNoText; }, "genesis.epoch"},
    {"BadEpoch", [](auto& f) { f.genesis_epoch = text("p2"); }, "genesis.epoch"},
    {"NoSeq", [](auto& f) { f.genesis_alibi_seq = kNoInt; }, "genesis.alibi_seq"},
    {"NegativeSeq", [](auto& f) { f.genesis_alibi_seq = number(-1); }, "genesis.alibi_seq"},
    {"NoHash", [](auto& f) { f.genesis_hash = kOtherText; }, "genesis.hash"},
};
class GenesisForm : public testing::TestWithParam<FormCase> {};
TEST_P(GenesisForm, NamesTheFirstFieldThatIsWrong) {
  WeighingFields fields = genesis();
  name_epoch_before(fields);
  GetParam().change(fields);
  EXPECT_EQ(wrong_when_sealed(fields), GetParam().field);
}
INSTANTIATE_TEST_SUITE_P(Fields, GenesisForm, testing::ValuesIn(kGenesisForms),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace edge
