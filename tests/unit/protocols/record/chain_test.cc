#include "protocols/record/chain.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace edge
