#include "protocols/wire/answers.h"

#include <gtest/gtest.h>

namespace edge::wire {
namespace {

constexpr std::string_view kSubmit = R"({"message":{"batch_id":"01J9ZK3M6Q","server_time":1771840801210,
 "config_version":"1771839000000-7","results":[
  {"uid":"6f24299c07187094bab81ef655773fca","status":"stored","name":"a1b2c3d4e5"},
  {"uid":"804532d4d937d83fa48a637d11f2eecf","status":"rejected","code":"unknown_site","field":"site",
   "message":"Site silo-x does not exist or is not one of gw-silo-a's sites."}]}})";

TEST(SubmitAnswer, WireExample) {
  const auto answer = parse_submit_answer(kSubmit);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->batch_id, "01J9ZK3M6Q");
  EXPECT_EQ(answer->server_time, 1771840801210);
  EXPECT_EQ(answer->config_version, "1771839000000-7");
  ASSERT_EQ(answer->results.size(), 2U);
  EXPECT_EQ(answer->results[0].status, RecordStatus::kStored);
  EXPECT_EQ(answer->results[0].name, "a1b2c3d4e5");
  EXPECT_EQ(answer->results[1].status, RecordStatus::kRejected);
  EXPECT_EQ(answer->results[1].code, "unknown_site");
  EXPECT_EQ(answer->results[1].field, "site");
}

TEST(SubmitAnswer, KnowsEveryStatus) {
  for (const auto status : {RecordStatus::kStored, RecordStatus::kDuplicate, RecordStatus::kConflict,
                            RecordStatus::kRejected, RecordStatus::kRetry}) {
    const auto answer =
        parse_submit_answer(R"({"message":{"results":[{"uid":"6f24299c07187094bab81ef655773fca","status":")" +
                            std::string(to_text(status)) + "\"}]}}");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->results[0].status, status);
  }
}

struct Bad {
  const char* name;
  std::string body;
};
const Bad kBad[] = {
    {"Empty", ""},
    {"Html", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"},
    {"Half", std::string(kSubmit.substr(0, kSubmit.size() / 2))},
    {"AllButTheLastByte", std::string(kSubmit.substr(0, kSubmit.size() - 1))},
    {"Number", "7"},
    {"List", "[]"},
    {"NoMessage", "{}"},
    {"MessageIsText", R"({"message":"ok"})"},
    {"MessageIsNull", R"({"message":null})"},
    {"FrappeError", R"({"exc_type":"ValidationError","exception":"frappe.exceptions.ValidationError"})"},
    {"NoResults", R"({"message":{"batch_id":"x"}})"},
    {"ResultsIsAnObject", R"({"message":{"results":{}}})"},
    {"ResultIsText", R"({"message":{"results":["stored"]}})"},
    {"NoUid", R"({"message":{"results":[{"status":"stored"}]}})"},
    {"ShortUid", R"({"message":{"results":[{"uid":"6f24","status":"stored"}]}})"},
    {"UidIsANumber", R"({"message":{"results":[{"uid":7,"status":"stored"}]}})"},
    {"UnknownStatus", R"({"message":{"results":[{"uid":"6f24299c07187094bab81ef655773fca","status":"lost"}]}})"},
    {"StatusIsANumber", R"({"message":{"results":[{"uid":"6f24299c07187094bab81ef655773fca","status":1}]}})"},
    {"OneOfTwoIsBad",
     R"({"message":{"results":[{"uid":"6f24299c07187094bab81ef655773fca","status":"stored"},{"status":"stored"}]}})"},
    {"NumberTooLarge", R"({"message":{"results":[],"server_time":1e999}})"},
    {"NotUtf8", "{\"message\":{\"batch_id\":\"\xff\",\"results\":[]}}"},
    {"Deep", std::string(300'000, '[')},
};
class BadAnswer : public testing::TestWithParam<Bad> {};
TEST_P(BadAnswer, IsAnErrorOfOneLine) {
  const auto answer = parse_submit_answer(GetParam().body);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::kMalformed);
  EXPECT_LT(answer.error().detail.size(), 200U);
  for (const char c : answer.error().detail) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
}
INSTANTIATE_TEST_SUITE_P(Bodies, BadAnswer, testing::ValuesIn(kBad), [](const auto& row) { return row.param.name; });

TEST(SubmitAnswer, OptionalFieldsOfAnotherTypeAreUnknown) {
  const auto answer = parse_submit_answer(
      R"({"message":{"batch_id":7,"server_time":"now","config_version":null,"results":[
          {"uid":"6f24299c07187094bab81ef655773fca","status":"duplicate","name":42,"message":["x"]}]}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->batch_id, "");
  EXPECT_FALSE(answer->server_time);
  EXPECT_EQ(answer->results[0].name, "");
}

TEST(SubmitAnswer, LongWordsAreCut) {
  const auto answer = parse_submit_answer(
      R"({"message":{"results":[{"uid":"6f24299c07187094bab81ef655773fca","status":"retry","message":")" +
      std::string(5000, 'x') + "\"}]}}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->results[0].message.size(), 1000U);
}

TEST(Refusal, IsOurEnvelope) {
  const auto refusal = parse_refusal(
      R"({"message":{"code":"fenced","detail":"epoch 4 is known","gateway":"gw-silo-a","site":null,"epoch":"4"}})");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, "fenced");
  EXPECT_EQ(refusal->detail, "epoch 4 is known");
  EXPECT_EQ(refusal->gateway, "gw-silo-a");
  EXPECT_EQ(refusal->site, "");
  EXPECT_EQ(refusal->epoch, "4");
  EXPECT_EQ(parse_refusal(R"({"message":{"code":"fenced","epoch":4}})")->epoch, "4");
}

TEST(Refusal, AnythingElseIsFrappeOrAProxy) {
  for (const std::string_view body :
       {"", "<html>", "{}", R"({"message":"Not permitted"})", R"({"message":{}})", R"({"message":{"code":""}})",
        R"({"message":{"code":403}})", R"({"message":{"code":"Bad Code\n"}})", R"({"exc":"[]","code":"revoked"})"}) {
    EXPECT_FALSE(parse_refusal(body)) << body;
  }
}

TEST(HeartbeatAnswer, ReadsTimeAndVersion) {
  const auto answer = parse_heartbeat_answer(R"({"message":{"server_time":12,"config_version":"v"}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->server_time, 12);
  EXPECT_EQ(answer->config_version, "v");
  EXPECT_TRUE(parse_heartbeat_answer(R"({"message":{}})"));
  EXPECT_FALSE(parse_heartbeat_answer("<html>"));
  EXPECT_FALSE(parse_heartbeat_answer(R"({"message":1})"));
}

TEST(NewEpochAnswer, TakesDecimalDigitsOnly) {
  EXPECT_EQ(parse_new_epoch_answer(R"({"message":{"epoch":"4"}})").value(), "4");
  for (const char* const epoch :
       {"\"\"", "\"p5f0c9a1e\"", "\"04\"", "\"0\"", "\"-4\"", "\"4 \"", "4", "null", "\"9999999999999999999\""}) {
    EXPECT_FALSE(parse_new_epoch_answer(R"({"message":{"epoch":)" + std::string(epoch) + "}}")) << epoch;
  }
  EXPECT_FALSE(parse_new_epoch_answer("{}"));
}

}  // namespace
}  // namespace edge::wire
