#include "mock_devices/mock_scale/faults.h"

#include <gtest/gtest.h>

namespace edge::mock {
namespace {

Fault fault(std::string kind, std::optional<int> unit = std::nullopt) {
  Fault made;
  made.kind = std::move(kind);
  made.unit = unit;
  return made;
}

TEST(Faults, OnlyTheSlaveThatIsNamed) {
  Faults faults;
  faults.add(fault("dead", 3));
  EXPECT_EQ(faults.take(4), nullptr);
  ASSERT_NE(faults.take(3), nullptr);
  EXPECT_EQ(faults.take(), nullptr) << "no stream";
}

TEST(Faults, EverySecondSoOften) {
  Faults faults;
  Fault late = fault("late");
  late.every = 2;
  late.count = 2;
  faults.add(late);
  std::string hits;
  for (int i = 0; i < 8; ++i) {
    hits += faults.take(1) != nullptr ? 'x' : '.';
  }
  EXPECT_EQ(hits, ".x.x....");
}

TEST(Faults, StreamFaultsAreNotForModbus) {
  Faults faults;
  faults.add(fault("bad_checksum"));
  faults.add(fault("exception"));
  EXPECT_EQ(faults.take()->kind, "bad_checksum");
  EXPECT_EQ(faults.take(1)->kind, "exception");
}

TEST(Faults, TakenOffByKindOrBySlave) {
  Faults faults;
  faults.add(fault("dead", 1));
  faults.add(fault("dead", 2));
  faults.remove("dead", 1);
  EXPECT_TRUE(faults.on("dead"));
  EXPECT_EQ(faults.take(1), nullptr);
  faults.remove("dead", std::nullopt);
  EXPECT_FALSE(faults.on("dead"));
}

TEST(Faults, TheSameAgainReplaces) {
  Faults faults;
  Fault code4 = fault("exception", 1), code6 = fault("exception", 1);
  code6.code = 6;
  faults.add(code4);
  faults.add(code6);
  EXPECT_EQ(faults.take(1)->code, 6);
}

}  // namespace
}  // namespace edge::mock
