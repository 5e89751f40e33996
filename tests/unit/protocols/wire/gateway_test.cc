#include "protocols/wire/gateway.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace edge::wire {
namespace {

TEST(EncodeHeartbeat, IsTheWireExample) {
  Heartbeat beat;
  beat.gateway = "gw-silo-a", beat.epoch = "3", beat.instance = "9b1d5e0c7a2f4431", beat.version = "0.1.0";
  beat.at = 1771840860000, beat.uptime_s = 86460, beat.clock = ClockState::kSynced, beat.clock_offset_ms = -38;
  beat.config_version = "1771839000000-7", beat.key_id = "k2", beat.last_seq = 184471, beat.buffered = 212;
  beat.oldest_unsent_at = 1771840855000, beat.horizon_days = 34.2, beat.disk_used_pct = 41;
  beat.store_bytes = 10485760, beat.dead_letters = 0, beat.drops = {{"thinned", 0}, {"folded", 3}};
  beat.counters = {{"messages", 184980}, {"decoded", 184468}, {"undecodable", 0}, {"duplicate", 512}, {"ignored", 0}};
  beat.sources = {{"mqtt", "up", 1771754400000, ""}};
  beat.chain_heads = {{"ws1", "3", 413, "3947686b2992ed98501015f545c98b4b7ce8199a7b82ba7a526ad6569bd15a3c"}};
  const auto want = nlohmann::json::parse(R"({"gateway":"gw-silo-a","epoch":"3","instance":"9b1d5e0c7a2f4431",
 "version":"0.1.0","at":1771840860000,"uptime_s":86460,"clock":"synced",
 "clock_offset_ms":-38,"config_version":"1771839000000-7","key_id":"k2","key_expires":null,"last_seq":184471,"buffered":212,
 "oldest_unsent_at":1771840855000,
 "horizon_days":34.2,"disk_used_pct":41,"store_bytes":10485760,"dead_letters":0,"drops":{"thinned":0,"folded":3},
 "counters":{"messages":184980,"decoded":184468,"undecodable":0,"duplicate":512,"ignored":0},
 "sources":[{"name":"mqtt","state":"up","since":1771754400000,"error":null}],
 "chain_heads":[{"scale":"ws1","epoch":"3","seq":413,"hash":"3947686b2992ed98501015f545c98b4b7ce8199a7b82ba7a526ad6569bd15a3c"}]})");
  EXPECT_EQ(nlohmann::json::parse(encode_heartbeat(beat)), want);
}

TEST(EncodeHeartbeat, WritesNullForWhatIsUnknown) {
  const auto json = nlohmann::json::parse(encode_heartbeat({}));
  for (const char* const key : {"clock_offset_ms", "config_version", "key_id", "key_expires", "oldest_unsent_at",
                                "horizon_days", "disk_used_pct"}) {
    EXPECT_TRUE(json.at(key).is_null()) << key;
  }
  EXPECT_EQ(json.at("sources"), nlohmann::json::array());
}

TEST(EncodeNewEpoch, IsTheWireExample) {
  EXPECT_EQ(
      encode_new_epoch({"gw-silo-a", "9b1d5e0c7a2f4431", "restore", "3", "p5f0c9a1e"}),
      R"({"gateway":"gw-silo-a","instance":"9b1d5e0c7a2f4431","reason":"restore","last_epoch":"3","provisional":"p5f0c9a1e"})");
  EXPECT_EQ(encode_new_epoch({"g", "i", "new_store", "", ""}),
            R"({"gateway":"g","instance":"i","reason":"new_store","last_epoch":null,"provisional":null})");
}

}  // namespace
}  // namespace edge::wire
