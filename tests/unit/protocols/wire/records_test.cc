#include "protocols/wire/records.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "examples.h"

namespace edge::wire {
namespace {

struct Example {
  const char* name;
  const char* kind;
  std::string_view json;
};
const Example kExamples[] = {
    {"Observation", "observation", examples::kObservation},
    {"Weighing", "weighing", examples::kWeighing},
    {"ScaleTicket", "scale_ticket", examples::kTicket},
    {"Gap", "gap", examples::kGap},
    {"Amend", "amend", examples::kAmend},
    {"Void", "scale_ticket", examples::kVoid},
    {"Genesis", "weighing", examples::kGenesis},
};
class WireExample : public testing::TestWithParam<Example> {};
TEST_P(WireExample, IsEncodedAgainByteForByte) {
  const auto record = decode(GetParam().json);
  ASSERT_TRUE(record) << record.error().detail;
  EXPECT_EQ(kind_of(*record), GetParam().kind);
  EXPECT_EQ(encode(*record), GetParam().json);
}
INSTANTIATE_TEST_SUITE_P(Wire, WireExample, testing::ValuesIn(kExamples),
                         [](const auto& row) { return row.param.name; });

Observation full_observation() {
  Observation o;
  o.identity = Identity::kReceived, o.device = "bin3-t1", o.type = "temperature", o.index = 2;
  o.observed_at = 1, o.received_at = 2, o.clock = ClockState::kUnsynced, o.boot = "5f0c9a1e", o.mono_ms = 3;
  o.value = "28.5", o.unit = "C", o.value_in = "83.3", o.unit_in = "F", o.flag = Flag::kWarning;
  o.reasons = {"warning_max:25", "bad_time:\"x\""}, o.backfilled = true;
  o.raw = "{\"a\":\t\"\\\"}", o.raw_bytes = 11, o.raw_sha256 = std::string(64, 'a');
  o.fold = Fold{312, 10, 20, "last"};
  o.aggregate = Aggregate{1, 2, "1.0", "1.5", "2.0", "1.7", 360};
  return o;
}

TEST(EncodeObservation, IsWhatAnotherJsonReaderReads) {
  const auto json = nlohmann::json::parse(
      encode_observation({"6f24299c07187094bab81ef655773fca", 7, "silo-a", "p5f0c9a1e"}, full_observation()));
  const auto want = nlohmann::json::parse(R"({"kind":"observation","uid":"6f24299c07187094bab81ef655773fca","seq":7,
    "epoch":"p5f0c9a1e","identity":"received","site":"silo-a","device":"bin3-t1","type":"temperature","index":2,
    "observed_at":1,"received_at":2,"time_source":"receive","clock":"unsynced","boot":"5f0c9a1e","mono_ms":3,
    "value":"28.5","unit":"C","value_in":"83.3","unit_in":"F","flag":"Warning",
    "reasons":["warning_max:25","bad_time:\"x\""],"backfilled":true,"raw":"{\"a\":\t\"\\\"}","raw_bytes":11,
    "raw_sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "fold":{"count":312,"first_at":10,"last_at":20,"last_raw":"last"},
    "agg":{"from":1,"to":2,"min":"1.0","mean":"1.5","max":"2.0","last":"1.7","count":360}})");
  EXPECT_EQ(json, want);
}

TEST(EncodeObservation, RoundTripsWithEveryField) {
  const Stamp stamp{"6f24299c07187094bab81ef655773fca", 7, "silo-a", "2"};
  const std::string json = encode_observation(stamp, full_observation());
  const auto record = decode(json);
  ASSERT_TRUE(record) << record.error().detail;
  EXPECT_EQ(encode(*record), json);
  EXPECT_EQ(std::get<ObservationRecord>(*record).observation.fold->last_raw, "last");
}

TEST(EncodeObservation, LeavesOutWhatIsUnknown) {
  Observation o;
  o.device = "d", o.type = "t";
  const auto json = nlohmann::json::parse(encode_observation({"u", 1, "s", ""}, o));
  for (const char* const key :
       {"epoch", "boot", "mono_ms", "value", "unit", "value_in", "unit_in", "policy_version", "fold", "agg"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
  EXPECT_TRUE(json.contains("index"));
  EXPECT_EQ(json["reasons"], nlohmann::json::array());
}

TEST(EncodeObservation, ReplacesBytesThatAreNoText) {
  Observation o;
  o.device = "d", o.type = "t", o.raw = "a\xff\xe2\x82z", o.unit = "\xb0";
  const auto json = nlohmann::json::parse(encode_observation({"u", 1, "s", ""}, o), nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["raw"], "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
  EXPECT_EQ(json["unit"], "\xef\xbf\xbd");
}

TEST(Encode, ATicketWithAStoredTareNamesTheVehicle) {
  auto record = decode(examples::kTicket);
  auto& ticket = std::get<ScaleTicket>(*record);
  ticket.tare_weighing.clear(), ticket.tare_vehicle = "AB-123-C", ticket.tare_at = 1771000000000;
  ticket.action = "correct", ticket.corrects = "d72822587bbbced61a39f584cd0c6b15";
  const std::string json = encode(*record);
  const auto again = decode(json);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(std::get<ScaleTicket>(*again).tare_at, 1771000000000);
  EXPECT_EQ(encode(*again), json);
}

TEST(Encode, AnAmendOfTheClockCarriesTheTime) {
  Amend amend;
  amend.stamp = {"804532d4d937d83fa48a637d11f2eecf", 9, "", ""};
  amend.target = "6f24299c07187094bab81ef655773fca", amend.cause = "clock", amend.flag = Flag::kOk;
  amend.observed_at = 1771840800000, amend.clock = ClockState::kCorrected;
  const std::string json = encode(amend);
  EXPECT_EQ(
      json,
      R"({"kind":"amend","uid":"804532d4d937d83fa48a637d11f2eecf","seq":9,"target":"6f24299c07187094bab81ef655773fca",)"
      R"("cause":"clock","flag":"OK","reasons":[],"observed_at":1771840800000,"clock":"corrected"})");
  EXPECT_EQ(encode(decode(json).value()), json);
}

TEST(Encode, AWeighingWithEveryOptionalField) {
  auto record = decode(examples::kWeighing);
  auto& weighing = std::get<Weighing>(*record);
  weighing.tare = "120", weighing.range = "1", weighing.indicator_alibi = "000123";
  weighing.override_reason = "below_min", weighing.reason = "typed", weighing.manual = true;
  const std::string json = encode(*record);
  EXPECT_EQ(encode(decode(json).value()), json);
}

}  // namespace
}  // namespace edge::wire
