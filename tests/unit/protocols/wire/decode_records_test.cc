#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "examples.h"
#include "protocols/wire/records.h"

namespace edge::wire {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

struct Case {
  const char* name;
  std::string_view example;
  const char* patch;  ///< JSON merge patch; null takes a key out
  const char* says;   ///< empty: still decodes
};
const Case kCases[] = {
    {"UnknownKey", examples::kObservation, R"({"weather":"fine"})", ""},
    {"NullIsMissing", examples::kGap, R"({"device":null})", ""},
    {"Value", examples::kObservation, R"({"value":28.5})", "value"},
    {"ValueText", examples::kObservation, R"({"value":"warm"})", "value"},
    {"ValueIn", examples::kObservation, R"({"value_in":"1e5"})", "value_in"},
    {"Uid", examples::kObservation, R"({"uid":"x"})", "uid"},
    {"NoSite", examples::kObservation, R"({"site":null})", "site"},
    {"Seq", examples::kObservation, R"({"seq":"184467"})", "seq"},
    {"SeqFloat", examples::kObservation, R"({"seq":1.5})", "seq"},
    {"SeqBeyondInt64", examples::kObservation, R"({"seq":18446744073709551615})", "seq"},
    {"NegativeSeq", examples::kGap, R"({"seq":-1})", "seq"},
    {"Epoch", examples::kObservation, R"({"epoch":"three"})", "epoch"},
    {"ProvisionalEpoch", examples::kObservation, R"({"epoch":"p5f0c9a1e"})", ""},
    {"BadProvisionalEpoch", examples::kObservation, R"({"epoch":"p5F"})", "epoch"},
    {"Flag", examples::kObservation, R"({"flag":"Fine"})", "flag"},
    {"Reasons", examples::kObservation, R"({"reasons":"none"})", "reasons"},
    {"ReasonNumber", examples::kObservation, R"({"reasons":[7]})", "reasons"},
    {"ReasonForm", examples::kObservation, R"({"reasons":["Bad Reason"]})", "reasons"},
    {"Backfilled", examples::kObservation, R"({"backfilled":"no"})", "backfilled"},
    {"FoldIsNoObject", examples::kObservation, R"({"fold":7})", "fold"},
    {"FoldCount", examples::kObservation, R"({"fold":{"count":"many","first_at":1,"last_at":2}})", "count"},
    {"Fold", examples::kObservation, R"({"fold":{"count":9,"first_at":1,"last_at":2,"last_raw":"x"}})", ""},
    {"AggregateMean", examples::kObservation,
     R"({"agg":{"from":1,"to":2,"min":"1","mean":1.5,"max":"2","last":"2","count":2}})", "mean"},
    {"WeighingScale", examples::kWeighing, R"({"scale":null})", "scale"},
    {"WeighingSite", examples::kWeighing, R"({"site":null})", "site"},
    {"WeighingValue", examples::kWeighing, R"({"value":null})", "value"},
    {"WeighingHash", examples::kWeighing, R"({"hash":"abc"})", "hash"},
    {"WeighingRaw", examples::kWeighing, R"({"raw_hex":"0G"})", "raw_hex"},
    {"WeighingClock", examples::kWeighing, R"({"clock":"late"})", "clock"},
    {"GenesisHash", examples::kGenesis, R"({"genesis":{"hash":null}})", "hash"},
    {"GenesisOfANewScale", examples::kGenesis, R"({"genesis":null})", ""},
    {"TicketAction", examples::kTicket, R"({"action":"edit"})", "action"},
    {"TicketNumber", examples::kTicket, R"({"number":null})", "number"},
    {"TicketGross", examples::kTicket, R"({"gross":38440})", "gross"},
    {"TicketDirection", examples::kTicket, R"({"direction":"In"})", "direction"},
    {"TicketCorrects", examples::kTicket, R"({"action":"correct"})", "corrects"},
    {"TicketWeighing", examples::kTicket, R"({"gross_weighing":"412"})", "gross_weighing"},
    {"NothingDeclared", examples::kTicket, R"({"declared_net_kg":null})", ""},
    {"VoidsNothing", examples::kVoid, R"({"voids":null})", "voids"},
    {"GapCount", examples::kGap, R"({"count":5000})", "count"},
    {"GapReason", examples::kGap, R"({"reason":"lost"})", "reason"},
    {"AmendTarget", examples::kAmend, R"({"target":null})", "target"},
    {"AmendCause", examples::kAmend, R"({"cause":"clock"})", "observed_at"},
};
class DecodeRecord : public testing::TestWithParam<Case> {};
TEST_P(DecodeRecord, NamesTheFieldThatIsWrong) {
  Json json = Json::parse(GetParam().example);
  json.merge_patch(Json::parse(GetParam().patch));
  const auto record = decode(json.dump());
  ASSERT_EQ(record.has_value(), *GetParam().says == '\0') << (record ? "" : record.error().detail);
  if (record) return;
  EXPECT_EQ(record.error().code, Errc::kMalformed);
  EXPECT_THAT(record.error().detail, HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(Fields, DecodeRecord, testing::ValuesIn(kCases),
                         [](const auto& row) { return row.param.name; });

TEST(Decode, RefusesWhatIsNoRecord) {
  for (const std::string_view bad : {"", "null", "[]", "7", "{", "{}", R"({"kind":7})", "<html>", "\xff"}) {
    const auto record = decode(bad);
    ASSERT_FALSE(record) << bad;
    EXPECT_EQ(record.error().code, Errc::kMalformed);
  }
}

TEST(Decode, SaysThatItDoesNotKnowAKind) {
  const auto record = decode(R"({"kind":"photo\n"})");
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, Errc::kUnsupported);
  EXPECT_THAT(record.error().detail, HasSubstr("photo\\x0a"));
}

TEST(Decode, SurvivesDeepNesting) { EXPECT_FALSE(decode(std::string(200'000, '['))); }

TEST(Decode, EveryPrefixOfARecordIsAnErrorAndNoCrash) {
  for (const std::string_view example : {examples::kObservation, examples::kWeighing, examples::kTicket}) {
    for (std::size_t size = 0; size < example.size(); ++size) EXPECT_FALSE(decode(example.substr(0, size)));
  }
}

}  // namespace
}  // namespace edge::wire
