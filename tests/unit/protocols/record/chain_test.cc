#include "protocols/record/chain.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace edge {
namespace {

// wire.md §2 and §3: the weighings ws1/412 and ws1/413.
WeighingLink link_412() {
  WeighingLink link;
  link.prev_hash = "6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d";
  link.gateway = "gw-silo-a", link.site = "silo-a", link.scale = "ws1", link.epoch = "3";
  link.alibi_seq = 412, link.at = 1771841101250;
  link.value = "38440", link.unit = "kg", link.e = "20", link.mode = "gross", link.role = "gross";
  link.stability = "Indicator", link.raw_hex = "023130203030333834343030303030300d1d";
  link.operator_id = "op-7";
  return link;
}

TEST(WeighingHash, WireVectors) {
  WeighingLink link = link_412();
  const std::string first = weighing_hash(link);
  EXPECT_EQ(first, "16f417ca4d81a512b68bdec76bf9d61acd4863d0aa2017a1cd1e71c1d4cff889");
  link.prev_hash = first;
  link.alibi_seq = 413, link.at = 1771843020500;
  link.value = "14580", link.role = "tare", link.raw_hex = "023130203030313435383030303030300d1e";
  EXPECT_EQ(weighing_hash(link), "3947686b2992ed98501015f545c98b4b7ce8199a7b82ba7a526ad6569bd15a3c");
}

TEST(WeighingHash, NoticesEveryChange) {
  const std::string hash = weighing_hash(link_412());
  WeighingLink link = link_412();
  link.value = "38460";
  EXPECT_NE(weighing_hash(link), hash);
  link = link_412();
  link.manual = true;
  EXPECT_NE(weighing_hash(link), hash);
  link = link_412();
  link.override_or_reason = "rain";
  EXPECT_NE(weighing_hash(link), hash);
}

TEST(WeighingHash, GenesisAppendsItsThreeParts) {
  WeighingLink link;
  link.role = "genesis";
  const std::string new_scale = weighing_hash(link);
  link.genesis = GenesisLink{"2", 411, "aa"};
  EXPECT_NE(weighing_hash(link), new_scale);
  link.role = "gross";
  link.genesis.reset();
  EXPECT_NE(weighing_hash(link), new_scale);
}

/// A chain of `count` weighings after its genesis, with the hash that is stored beside each.
struct Stored {
  WeighingLink link;
  std::string prev_hash, hash;
};
std::vector<Stored> chain_of(int count) {
  std::vector<Stored> chain(static_cast<std::size_t>(count) + 1);
  std::string prev(kNoHash);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    Stored& one = chain[i];
    one.link = link_412();
    one.link.alibi_seq = static_cast<std::int64_t>(i);
    if (i == 0) one.link.role = "genesis", one.link.value = "";
    one.prev_hash = prev;
    one.link.prev_hash = one.prev_hash;
    prev = one.hash = weighing_hash(one.link);
  }
  return chain;
}

struct WalkCase {
  const char* name;
  std::function<void(std::vector<Stored>&)> change;
  const char* fault;
  std::int64_t steps;
};
const WalkCase kWalks[] = {
    {"Whole", [](auto&) {}, "", 6},
    {"OnlyGenesis", [](auto& chain) { chain.resize(1); }, "", 1},
    {"HeadCutOff", [](auto& chain) { chain.erase(chain.begin()); }, "no_genesis", 0},
    {"GenesisIsAWeighing", [](auto& chain) { chain[0].link.role = "gross"; }, "no_genesis", 0},
    {"GenesisHasAPredecessor", [](auto& chain) { chain[0].link.prev_hash = chain[1].hash; }, "no_genesis", 0},
    {"GenesisNotAtZero", [](auto& chain) { chain[0].link.alibi_seq = 1; }, "no_genesis", 0},
    {"GenesisChanged", [](auto& chain) { chain[0].link.at += 1; }, "changed", 0},
    {"OneMissing", [](auto& chain) { chain.erase(chain.begin() + 3); }, "gap", 3},
    {"OneTwice", [](auto& chain) { chain.insert(chain.begin() + 3, chain[2]); }, "gap", 3},
    {"Swapped", [](auto& chain) { std::swap(chain[3], chain[4]); }, "gap", 3},
    {"Renumbered", [](auto& chain) { chain[3].link.alibi_seq = INT64_MIN; }, "gap", 3},
    {"ValueChanged", [](auto& chain) { chain[4].link.value = "38460"; }, "changed", 4},
    {"HashChanged", [](auto& chain) { chain[4].hash[0] ^= 1; }, "changed", 4},
    {"LastCutOffIsNotSeenHere", [](auto& chain) { chain.pop_back(); }, "", 5},
    {"ValueAndHashChanged",
     [](auto& chain) {
       chain[2].link.value = "38460";
       chain[2].hash = weighing_hash(chain[2].link);
     },
     "broken", 3},
};
class ChainWalkTest : public testing::TestWithParam<WalkCase> {};
TEST_P(ChainWalkTest, SaysTheFirstThingWrong) {
  std::vector<Stored> chain = chain_of(5);
  GetParam().change(chain);
  ChainWalk walk;
  EXPECT_EQ(walk.head_seq(), -1);
  ChainWalk::Fault fault = ChainWalk::Fault::kNone;
  for (const Stored& one : chain) fault = walk.step(one.link, one.hash);
  EXPECT_EQ(to_text(fault), GetParam().fault) << "the last step repeats it";
  EXPECT_EQ(walk.steps(), GetParam().steps);
  EXPECT_EQ(walk.head_seq(), GetParam().steps - 1);
  const auto right = static_cast<std::size_t>(walk.steps());
  EXPECT_EQ(walk.head(), right == 0 ? "" : chain[right - 1].hash);
}
INSTANTIATE_TEST_SUITE_P(Chains, ChainWalkTest, testing::ValuesIn(kWalks),
                         [](const auto& row) { return row.param.name; });

TEST(ChainWalk, TakesAGenesisThatNamesTheEpochBefore) {
  WeighingLink link = link_412();
  link.role = "genesis", link.value = "", link.alibi_seq = 0, link.prev_hash = kNoHash;
  link.genesis = GenesisLink{"2", 411, "6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d"};
  const std::string hash = weighing_hash(link);
  EXPECT_EQ(ChainWalk().step(link, hash), ChainWalk::Fault::kNone);
  link.genesis->alibi_seq = 410;
  EXPECT_EQ(ChainWalk().step(link, hash), ChainWalk::Fault::kChanged);
}

}  // namespace
}  // namespace edge
