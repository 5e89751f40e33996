#include "agent/core/alibi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace edge {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

/// An alibi memory that anybody may change.
class OpenMemory : public Weighings {
 public:
  Result<wire::Weighing> record(const wire::Weighing&, std::optional<std::int64_t>) override {
    return fail(Errc::kRefused, "");
  }
  Result<std::vector<std::pair<RowId, wire::Weighing>>> weighings(std::string_view scale, RowId after,
                                                                  std::size_t limit) override {
    if (broken) return fail(Errc::kIo, "disk");
    ++pages;
    std::vector<std::pair<RowId, wire::Weighing>> out;
    for (auto id = static_cast<std::size_t>(after); id < rows.size() && out.size() < limit; ++id) {
      if (rows[id].scale == scale) out.emplace_back(static_cast<RowId>(id) + 1, rows[id]);
    }
    return out;
  }
  Result<wire::Weighing> weighing(std::string_view) override { return fail(Errc::kNotFound, ""); }
  std::vector<wire::ChainHead> chain_heads() const override { return {head}; }

  void add(const std::string& epoch, std::int64_t count) {
    const bool first = rows.empty();
    wire::Weighing genesis;
    genesis.role = "genesis";
    genesis.prev_hash = kNoHash;
    if (!first) genesis.genesis = {head.epoch, head.seq, head.hash};
    push(genesis, epoch, 0);
    for (std::int64_t seq = 1; seq <= count; ++seq) {
      wire::Weighing weighing;
      weighing.value = std::to_string(30'000 + seq);
      weighing.unit = "kg";
      weighing.role = "gross";
      weighing.prev_hash = head.hash;
      push(weighing, epoch, seq);
    }
  }
  void push(wire::Weighing weighing, const std::string& epoch, std::int64_t seq) {
    weighing.stamp.site = "silo-a";
    weighing.stamp.epoch = epoch;
    weighing.scale = "ws1";
    weighing.alibi_seq = seq;
    weighing.hash = weighing_hash(link_of(weighing, "gw"));
    head = {"ws1", epoch, seq, weighing.hash};
    rows.push_back(std::move(weighing));
  }

  std::vector<wire::Weighing> rows;
  wire::ChainHead head;
  int pages = 0;
  bool broken = false;
};

class VerifyAlibi : public testing::Test {
 protected:
  std::vector<std::string> faults() { return verify_alibi(memory_, "gw", "ws1").value().faults; }
  OpenMemory memory_;
};

TEST_F(VerifyAlibi, GoesThroughEveryEpochPageByPage) {
  memory_.add("3", 2'400);
  memory_.add("4", 100);
  const auto report = verify_alibi(memory_, "gw", "ws1");
  ASSERT_TRUE(report);
  EXPECT_THAT(report->faults, ElementsAre());
  EXPECT_EQ(report->scale, "ws1");
  EXPECT_EQ(report->records, 2'502);
  EXPECT_EQ(report->epochs, 2);
  EXPECT_EQ(report->head_epoch, "4");
  EXPECT_EQ(report->head_seq, 100);
  EXPECT_EQ(report->head_hash, memory_.head.hash);
  EXPECT_EQ(memory_.pages, 3);
}

TEST_F(VerifyAlibi, OfAScaleThatNeverWeighedIsGood) {
  memory_.add("3", 1);
  const auto report = verify_alibi(memory_, "gw", "ws2");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records, 0);
  EXPECT_EQ(report->head_seq, -1);
  EXPECT_THAT(report->faults, ElementsAre());
}

TEST_F(VerifyAlibi, FindsAChangedRecordAndSaysItOnce) {
  memory_.add("3", 10);
  memory_.rows[4].value = "99999";
  EXPECT_THAT(faults(), ElementsAre(StartsWith("epoch 3, number 4: changed: ")));
}

TEST_F(VerifyAlibi, FindsARecordThatIsGone) {
  memory_.add("3", 10);
  memory_.rows.erase(memory_.rows.begin() + 4);
  EXPECT_THAT(faults(), ElementsAre(StartsWith("epoch 3, number 5: gap: ")));
}

TEST_F(VerifyAlibi, FindsARecordThatWasReplacedWithItsHash) {
  memory_.add("3", 10);
  auto& forged = memory_.rows[4];
  forged.value = "99999";
  forged.hash = weighing_hash(link_of(forged, "gw"));
  EXPECT_THAT(faults(), ElementsAre(StartsWith("epoch 3, number 5: broken: ")));
}

TEST_F(VerifyAlibi, FindsATailThatWasCutOff) {
  memory_.add("3", 10);
  memory_.rows.pop_back();
  EXPECT_THAT(faults(), ElementsAre(StartsWith("epoch 3, number 10: missing: ")));
}

TEST_F(VerifyAlibi, FindsAnEpochThatDoesNotNameTheOneBefore) {
  memory_.add("3", 10);
  memory_.add("4", 1);
  memory_.rows.erase(memory_.rows.begin() + 10);  // the last of epoch 3
  EXPECT_THAT(faults(), ElementsAre(StartsWith("epoch 4, number 0: broken: ")));
}

TEST_F(VerifyAlibi, FindsAnEpochWithoutItsGenesis) {
  memory_.add("3", 10);
  memory_.rows.erase(memory_.rows.begin());
  EXPECT_THAT(faults(), ElementsAre(StartsWith("epoch 3, number 1: no_genesis: ")));
}

TEST_F(VerifyAlibi, FindsTheRecordsOfAnotherGateway) {
  memory_.add("3", 2);
  EXPECT_THAT(verify_alibi(memory_, "gw2", "ws1")->faults, ElementsAre(StartsWith("epoch 3, number 0: changed: ")));
}

TEST_F(VerifyAlibi, JudgesTheEpochAfterABrokenOneOnItsOwn) {
  memory_.add("3", 10);
  memory_.add("4", 10);
  memory_.rows[4].value = "99999";
  memory_.rows[15].value = "99999";
  EXPECT_THAT(faults(), ElementsAre(StartsWith("epoch 3, number 4: "), StartsWith("epoch 4, number 4: ")));
}

TEST_F(VerifyAlibi, PassesTheStoresErrorOn) {
  memory_.broken = true;
  EXPECT_EQ(verify_alibi(memory_, "gw", "ws1").error().detail, "disk");
}

}  // namespace
}  // namespace edge
