#include "agent/core/strangers.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(Strangers, LetsAThousandInADay) {
  Strangers strangers;
  for (std::size_t n = 0; n < Strangers::kMost; ++n) EXPECT_TRUE(strangers.admit("silo-a", std::to_string(n), 5));
  EXPECT_FALSE(strangers.admit("silo-a", "one-more", 5));
  EXPECT_TRUE(strangers.admit("silo-a", "0", 5)) << "who is in stays in";
  EXPECT_FALSE(strangers.admit("silo-b", "0", Strangers::kForgetMs)) << "of another site it is another device";
  EXPECT_TRUE(strangers.admit("silo-a", "one-more", 5 + Strangers::kForgetMs));
}

}  // namespace
}  // namespace edge
