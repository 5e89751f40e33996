#include "protocols/mqtt/json_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/record/decimal.h"
#include "protocols/record/reason.h"

namespace edge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Faults = std::vector<std::string>;

Reading one(std::string_view payload, const JsonShape& shape = {}) {
  auto readings = decode_json(payload, shape);
  EXPECT_TRUE(readings) << payload << ": " << (readings ? "" : readings.error().detail);
  if (!readings || readings->size() != 1) return {};
  return readings->front();
}

TEST(DecodeJson, OurOwnShape) {
  const Reading got = one(R"({"metric":"temperature","value":28.50,"unit":"C","ts":"2026-02-23T10:00:00Z"})");
  EXPECT_EQ(got.metric, "temperature");
  EXPECT_EQ(got.index, 0);
  EXPECT_EQ(got.value, "28.50") << "the digits as sent";
  EXPECT_EQ(got.unit, "C");
  EXPECT_EQ(got.at_ms, 1771840800000);
  EXPECT_EQ(got.time_as_sent, "2026-02-23T10:00:00Z");
  EXPECT_EQ(got.unique_id, "");
  EXPECT_THAT(got.faults, IsEmpty());
}

struct ValueCase {
  const char* name;
  const char* json;
  const char* value;  ///< empty: none
  Faults faults;
};
const ValueCase kValues[] = {
    {"Integer", "28", "28", {}},
    {"TrailingZero", "28.50", "28.50", {}},
    {"Negative", "-3.40", "-3.40", {}},
    {"MinusZero", "-0", "0", {}},
    {"MinusZeroPoint", "-0.0", "0.0", {}},
    {"Exponent", "2.85e1", "28.5", {}},
    {"MoreDigitsThanADouble", "0.12345678901234567890", "0.12345678901234567890", {}},
    {"BigInteger", "18446744073709551616", "", {"not_storable"}},
    {"NegativeBigInteger", "-99999999999999999999999", "", {"not_storable"}},
    {"ThirteenDigits", "1234567890123", "", {"not_storable"}},
    {"BeyondADouble", "1e400", "", {"not_storable"}},
    {"NegativeBeyondADouble", "-12.5E+999", "", {"not_storable"}},
    {"TooSmall", "1e-400", "", {"not_storable"}},
    {"InAString", "\"28.50\"", "28.50", {}},
    {"InAStringWithBlanks", "\" +28.5 \"", "28.5", {}},
    {"EscapedDigits", "\"\\u0032\\u0031\"", "21", {}},
    {"Comma", "\"21,5\"", "", {"comma_decimal:21,5"}},
    {"Thousands", "\"1,234.5\"", "", {"comma_decimal:1,234.5"}},
    {"NanText", "\"NaN\"", "", {"not_a_number:NaN"}},
    {"InfinityText", "\"Infinity\"", "", {"not_a_number:Infinity"}},
    {"MinusInfinityText", "\"-Infinity\"", "", {"not_a_number:-Infinity"}},
    {"Unavailable", "\"unavailable\"", "", {"not_a_number:unavailable"}},
    {"EmptyText", "\"\"", "", {"not_a_number"}},
    {"Null", "null", "", {"not_a_number:null"}},
    {"True", "true", "", {"not_a_number:true"}},
    {"False", "false", "", {"not_a_number:false"}},
    {"Object", "{\"a\":1}", "", {"not_a_number:object"}},
    {"Array", "[1]", "", {"not_a_number:array"}},
    {"Hostile", "\"<img onerror=x>\\r\\n{{ }}\"", "", {"not_a_number:<img onerror=x>  {{ }}"}},
    {"Formula", "\"=cmd|' /C calc'!A0\"", "", {"not_a_number:=cmd|' /C calc'!A0"}},
};
class DecodeJsonValue : public testing::TestWithParam<ValueCase> {};
TEST_P(DecodeJsonValue, KeepsTheDigitsOrSaysWhyThereAreNone) {
  const Reading got = one(R"({"metric":"temperature","value":)" + std::string(GetParam().json) + "}");
  EXPECT_EQ(got.value.value_or(""), GetParam().value);
  EXPECT_EQ(got.faults, GetParam().faults);
  if (got.value) {
    EXPECT_TRUE(is_decimal(*got.value));
  }
  for (const std::string& fault : got.faults) EXPECT_TRUE(is_reason(fault)) << fault;
}
INSTANTIATE_TEST_SUITE_P(Values, DecodeJsonValue, testing::ValuesIn(kValues),
                         [](const auto& row) { return row.param.name; });

TEST(DecodeJson, AMissingValueIsAReadingWithoutOne) {
  const Reading got = one(R"({"metric":"temperature"})");
  EXPECT_FALSE(got.value);
  EXPECT_THAT(got.faults, ElementsAre("not_a_number"));
}

TEST(DecodeJson, SeveralNumbersBeyondADoubleInOneMessage) {
  const auto got = decode_json(R"([{"metric":"a","value":1e400,"x":-1e999},{"metric":"b","value":28.50}])");
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 2U);
  EXPECT_THAT((*got)[0].faults, ElementsAre("not_storable"));
  EXPECT_EQ((*got)[1].value, "28.50");
}

TEST(DecodeJson, EndlessNumbersBeyondADoubleAreUndecodable) {
  std::string list = "[1e999";
  for (int i = 0; i < 100; ++i) list += ",1e999";
  EXPECT_FALSE(decode_json(R"({"metric":"a","value":)" + list + "]}"));
}

struct TimeCase {
  const char* name;
  const char* json;
  std::optional<std::int64_t> at;
  const char* as_sent;
};
const TimeCase kTimes[] = {
    {"Instant", "\"2026-02-23T10:00:00Z\"", 1771840800000, "2026-02-23T10:00:00Z"},
    {"India", "\"2026-02-23T15:30:00.5+05:30\"", 1771840800500, "2026-02-23T15:30:00.5+05:30"},
    {"Seconds", "1771840800", 1771840800000, "1771840800"},
    {"SecondsWithFraction", "1771840800.25", 1771840800250, "1771840800.25"},
    {"Milliseconds", "1771840800412", 1771840800412, "1771840800412"},
    {"SecondsText", "\"1771840800\"", 1771840800000, "1771840800"},
    {"MillisecondsText", "\"1771840800412\"", 1771840800412, "1771840800412"},
    {"ZoneLess", "\"2026-02-23T10:00:00\"", std::nullopt, "2026-02-23T10:00:00"},
    {"Word", "\"soon\"", std::nullopt, "soon"},
    {"Bool", "true", std::nullopt, "true"},
    {"Object", "{}", std::nullopt, "object"},
    {"Null", "null", std::nullopt, ""},
    {"Controls", "\"a\\nb\"", std::nullopt, "a b"},
    {"BeforeEpoch", "-5", -5000, "-5"},
};
class DecodeJsonTime : public testing::TestWithParam<TimeCase> {};
TEST_P(DecodeJsonTime, ReadsItOrKeepsItAsSent) {
  const Reading got = one(R"({"metric":"t","value":1,"ts":)" + std::string(GetParam().json) + "}");
  EXPECT_EQ(got.at_ms, GetParam().at);
  EXPECT_EQ(got.time_as_sent, GetParam().as_sent);
  EXPECT_THAT(got.faults, IsEmpty()) << "a bad time is no fault of the value";
}
INSTANTIATE_TEST_SUITE_P(Times, DecodeJsonTime, testing::ValuesIn(kTimes),
                         [](const auto& row) { return row.param.name; });

TEST(DecodeJson, LowersTheMetric) {
  EXPECT_EQ(one(R"({"metric":"DS18B20_1.Temp","value":1})").metric, "ds18b20_1.temp");
}

TEST(DecodeJson, OfADoubleKeyTheLastCounts) {
  EXPECT_EQ(one(R"({"metric":"a","value":1,"value":2,"metric":"b"})").value, "2");
  EXPECT_EQ(one(R"({"metric":"a","value":1,"value":2,"metric":"b"})").metric, "b");
}

TEST(DecodeJson, ExtraFieldsDoNotMatter) {
  const Reading got = one(R"({"battery":92,"metric":"t","value":1,"tags":{"a":[1,2,{"b":null}]},"site":"other"})");
  EXPECT_EQ(got.value, "1");
}

TEST(DecodeJson, CutsAndCleansTheUnit) {
  EXPECT_EQ(one(R"({"metric":"t","value":1,"unit":"\u00b0C"})").unit,
            "\xc2\xb0"
            "C");
  EXPECT_EQ(one(R"({"metric":"t","value":1,"unit":"C\r\nX"})").unit, "C  X");
  EXPECT_EQ(one(R"({"metric":"t","value":1,"unit":")" + std::string(500, 'u') + "\"}").unit, std::string(32, 'u'));
  EXPECT_EQ(one(R"({"metric":"t","value":1,"unit":7})").unit, "");
  EXPECT_EQ(one(R"({"metric":"t","value":1,"unit":null})").unit, "");
}

TEST(DecodeJson, AListNumbersItsReadings) {
  const auto got = decode_json(R"([{"metric":"a","value":1},{"metric":"b","value":"x"},{"metric":"c","value":3}])");
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ((*got)[static_cast<std::size_t>(i)].index, i);
  EXPECT_EQ((*got)[2].value, "3");
}

TEST(DecodeJson, ABadElementLeavesTheOthersAlone) {
  const auto got =
      decode_json(R"([7,{"value":1},{"metric":"Bad Metric","value":1},{"metric":9},{"metric":"d","value":4}])");
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 5U);
  EXPECT_THAT((*got)[0].faults, ElementsAre("not_an_object:7"));
  EXPECT_THAT((*got)[1].faults, ElementsAre("no_metric"));
  EXPECT_THAT((*got)[2].faults, ElementsAre("bad_metric:bad metric"));
  EXPECT_THAT((*got)[3].faults, ElementsAre("bad_metric:9"));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ((*got)[i].metric, kUnparsed);
    EXPECT_EQ((*got)[i].index, static_cast<int>(i));
    EXPECT_FALSE((*got)[i].value);
  }
  EXPECT_EQ((*got)[4].value, "4");
  EXPECT_EQ((*got)[4].index, 4);
}

struct BadCase {
  const char* name;
  std::string payload;
  Errc code;
  const char* says;
};
const BadCase kBad[] = {
    {"Empty", "", Errc::kMalformed, "not JSON"},
    {"Words", "hello", Errc::kMalformed, "not JSON"},
    {"BareNan", R"({"metric":"t","value":NaN})", Errc::kMalformed, "not JSON"},
    {"BareInfinity", R"({"metric":"t","value":-Infinity})", Errc::kMalformed, "not JSON"},
    {"HalfAMessage", R"({"metric":"t","value":2)", Errc::kMalformed, "not JSON"},
    {"TwoMessages", R"({"metric":"t","value":2}{})", Errc::kMalformed, "not JSON"},
    {"TrailingComma", R"({"metric":"t","value":2,})", Errc::kMalformed, "not JSON"},
    {"SingleQuotes", "{'metric':'t'}", Errc::kMalformed, "not JSON"},
    {"LeadingZero", R"({"metric":"t","value":01})", Errc::kMalformed, "not JSON"},
    {"ControlInAString", "{\"metric\":\"a\nb\"}", Errc::kMalformed, "not JSON"},
    {"LoneSurrogate", R"({"metric":"\ud800"})", Errc::kMalformed, "not JSON"},
    {"Number", "21.5", Errc::kMalformed, "neither an object"},
    {"Text", "\"21.5\"", Errc::kMalformed, "neither an object"},
    {"Null", "null", Errc::kMalformed, "neither an object"},
    {"EmptyList", "[]", Errc::kMalformed, "empty list"},
    {"EmptyObject", "{}", Errc::kMalformed, "no metric"},
    {"NullMetric", R"({"metric":null,"value":1})", Errc::kMalformed, "no metric"},
    {"NumberMetric", R"({"metric":7,"value":1})", Errc::kMalformed, "metric \"7\""},
    {"EmptyMetric", R"({"metric":"","value":1})", Errc::kMalformed, "metric"},
    {"BlankMetric", R"({"metric":"air temp","value":1})", Errc::kMalformed, "air temp"},
    {"HostileMetric", R"({"metric":"<img onerror>","value":1})", Errc::kMalformed, "<img onerror>"},
    {"LongMetric", R"({"metric":")" + std::string(65, 'a') + R"("})", Errc::kMalformed, "metric"},
    {"NotUtf8", "{\"metric\":\"t\",\"unit\":\"\xb0\"}", Errc::kMalformed, "UTF-8"},
    {"Binary", std::string("\x00\x01\x02\xff", 4), Errc::kMalformed, "UTF-8"},
    {"Nul", std::string("\0", 1), Errc::kMalformed, "not JSON"},
    {"DeepArrays", std::string(17, '['), Errc::kTooLarge, "deeper"},
    {"VeryDeepArrays", std::string(1 << 20, '['), Errc::kTooLarge, "deeper"},
    {"TooLong", std::string((1 << 20) + 1, ' '), Errc::kTooLarge, "longer"},
};
class DecodeJsonBad : public testing::TestWithParam<BadCase> {};
TEST_P(DecodeJsonBad, IsUndecodableInWords) {
  const auto got = decode_json(GetParam().payload);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, GetParam().code);
  EXPECT_THAT(got.error().detail, HasSubstr(GetParam().says));
  for (const char c : got.error().detail) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << got.error().detail;
}
INSTANTIATE_TEST_SUITE_P(Payloads, DecodeJsonBad, testing::ValuesIn(kBad),
                         [](const auto& row) { return row.param.name; });

TEST(DecodeJson, BoundsDepthCountAndValues) {
  const std::string deep = R"({"metric":"t","value":1,"x":)" + std::string(15, '[') + std::string(15, ']') + "}";
  EXPECT_TRUE(decode_json(deep));
  std::string list = "[{\"metric\":\"t\",\"value\":1}";
  for (std::size_t i = 1; i < kReadingLimit; ++i) list += ",{\"metric\":\"t\",\"value\":1}";
  EXPECT_EQ(decode_json(list + "]").value().size(), kReadingLimit);
  EXPECT_EQ(decode_json(list + ",7]").error().code, Errc::kTooLarge);
  std::string wide = R"({"metric":"t","value":1,"x":[0)";
  for (int i = 0; i < 50'000; ++i) wide += ",0";
  EXPECT_EQ(decode_json(wide + "]}").error().code, Errc::kTooLarge);
}

TEST(DecodeJson, AByteOrderMarkIsNoFault) { EXPECT_EQ(one("\xef\xbb\xbf{\"metric\":\"t\",\"value\":1}").value, "1"); }

TEST(JsonShape, ReadsAnotherShape) {
  const JsonShape shape{"/data/temp", "/when/0", "/uuid", "Temperature", "C"};
  const Reading got = one(R"({"data":{"temp":"21.50"},"when":[1771840800],"uuid":"0e8f-1"})", shape);
  EXPECT_EQ(got.metric, "temperature");
  EXPECT_EQ(got.value, "21.50");
  EXPECT_EQ(got.unit, "C");
  EXPECT_EQ(got.at_ms, 1771840800000);
  EXPECT_EQ(got.unique_id, "0e8f-1");
}

TEST(JsonShape, WhatItDoesNotNameIsOurOwn) {
  const Reading got = one(R"({"metric":"rh","v":60,"unit":"%","ts":"1771840800"})", {"/v", "", "", "", ""});
  EXPECT_EQ(got.metric, "rh");
  EXPECT_EQ(got.value, "60");
  EXPECT_EQ(got.unit, "%");
  EXPECT_EQ(got.at_ms, 1771840800000);
}

TEST(JsonShape, FollowsRfc6901) {
  const auto value = [](const char* pointer) {
    return one(R"({"a/b":1,"m~n":2,"":3,"l":[10,11],"01":4})", {pointer, "", "", "t", ""}).value.value_or("none");
  };
  EXPECT_EQ(value("/a~1b"), "1");
  EXPECT_EQ(value("/m~0n"), "2");
  EXPECT_EQ(value("/"), "3");
  EXPECT_EQ(value("/l/1"), "11");
  EXPECT_EQ(value("/l/01"), "none");
  EXPECT_EQ(value("/l/2"), "none");
  EXPECT_EQ(value("/l/-"), "none");
  EXPECT_EQ(value("/l/"), "none");
  EXPECT_EQ(value("/01"), "4");
  EXPECT_EQ(value("/m~2n"), "none");
  EXPECT_EQ(value("a"), "none") << "a pointer begins with /";
  EXPECT_EQ(value("/l/0/x"), "none");
}

TEST(JsonShape, AnIdThatIsNoTextIsNone) {
  const JsonShape shape{"", "", "/id", "t", ""};
  EXPECT_EQ(one(R"({"value":1,"id":null})", shape).unique_id, "");
  EXPECT_EQ(one(R"({"value":1})", shape).unique_id, "");
  EXPECT_EQ(one(R"({"value":1,"id":42})", shape).unique_id, "42");
}

}  // namespace
}  // namespace edge
