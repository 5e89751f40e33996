#include "protocols/wire/reconcile.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "protocols/bytes.h"

namespace edge::wire {
namespace {

using Json = nlohmann::json;

const std::string kOne(32, '1');
const std::string kTwo(32, '2');

TEST(ReconcileWire, NamesBlocksByTheirFirstSeq) {
  EXPECT_EQ(first_of_block(1), 1);
  EXPECT_EQ(first_of_block(4'096), 1);
  EXPECT_EQ(first_of_block(4'097), 4'097);
  EXPECT_EQ(first_of_block(40'960), 36'865);
}

TEST(ReconcileWire, SumsDistinctUids) {
  const std::vector<std::string> uids{kOne, kTwo, kOne, "no uid"};
  const auto sum = sum_of_block(4'097, uids);
  EXPECT_EQ(sum.from, 4'097);
  EXPECT_EQ(sum.count, 2);
  EXPECT_EQ(to_hex(sum.exclusive_or), std::string(32, '3'));
  EXPECT_EQ(to_hex(sum_of_block(1, {}).exclusive_or), std::string(32, '0'));
}

TEST(ReconcileWire, EncodesWhatTheServerReads) {
  const ReconcileHead head{"gw-silo-a", "3", "9b1d5e0c7a2f4431"};
  const std::vector<std::string> uids{kOne, kTwo};
  const std::vector<BlockSum> blocks{sum_of_block(1, uids)};
  EXPECT_EQ(Json::parse(encode_reconcile_blocks(head, blocks)),
            Json::parse(R"({"gateway":"gw-silo-a","epoch":"3","instance":"9b1d5e0c7a2f4431",)"
                        R"("blocks":[{"from":1,"count":2,"xor":"33333333333333333333333333333333"}]})"));
  EXPECT_EQ(Json::parse(encode_reconcile_uids(head, uids))["uids"], Json(uids));
}

TEST(ReconcileWire, ReadsAnswers) {
  EXPECT_EQ(parse_reconcile_differ(R"({"message":{"differ":[1,4097]}})").value(), (std::vector<std::int64_t>{1, 4'097}));
  EXPECT_EQ(parse_reconcile_missing(R"({"message":{"missing":[")" + kOne + R"("]}})").value(),
            std::vector<std::string>{kOne});
}

TEST(ReconcileWire, RefusesEverythingElse) {
  for (const char* body : {"", "<html>", "{}", R"({"message":{}})", R"({"message":{"differ":{}}})",
                           R"({"message":{"differ":["1"]}})", R"({"message":{"missing":["11"]}})",
                           R"({"message":{"missing":[7]}})", R"({"message":[]})"}) {
    EXPECT_FALSE(parse_reconcile_differ(body)) << body;
    EXPECT_FALSE(parse_reconcile_missing(body)) << body;
  }
}

}  // namespace
}  // namespace edge::wire
