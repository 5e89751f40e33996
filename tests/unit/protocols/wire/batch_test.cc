#include "protocols/wire/batch.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "examples.h"

namespace edge::wire {
namespace {

// wire.md §3.
const BatchHead kHead{"gw-silo-a", "3", "9b1d5e0c7a2f4431", "01J9ZK3M6Q", 1771840801000};
constexpr std::string_view kEmpty =
    R"({"v":1,"gateway":"gw-silo-a","epoch":"3","instance":"9b1d5e0c7a2f4431","batch_id":"01J9ZK3M6Q","sent_at":1771840801000,"records":[]})";

TEST(EncodeBatch, IsTheWireExample) { EXPECT_EQ(encode_batch(kHead, {}), kEmpty); }

TEST(EncodeBatch, CarriesRecordsInOrder) {
  const std::vector<std::string> records = {std::string(examples::kObservation), std::string(examples::kGap)};
  const std::string body = encode_batch(kHead, records);
  const auto json = nlohmann::json::parse(body);
  ASSERT_EQ(json["records"].size(), 2U);
  EXPECT_EQ(json["records"][0], nlohmann::json::parse(examples::kObservation));
  EXPECT_EQ(json["records"][1], nlohmann::json::parse(examples::kGap));
  EXPECT_EQ(body.size(), batch_overhead(kHead) + records[0].size() + records[1].size() + 1);
}

TEST(BatchOverhead, IsTheEmptyBatch) { EXPECT_EQ(batch_overhead(kHead), kEmpty.size()); }

}  // namespace
}  // namespace edge::wire
