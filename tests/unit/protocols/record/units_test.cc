#include "protocols/record/units.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(LinearBetween, RefusesWhatCannotBeConverted) {
  EXPECT_FALSE(linear_between("C", "kg"));
  EXPECT_FALSE(linear_between("%", "ppm"));
  EXPECT_FALSE(linear_between("", "C"));
  EXPECT_FALSE(linear_between("", ""));
  EXPECT_FALSE(linear_between("c", "F")) << "spelling is exact: c is not C";
}

TEST(LinearBetween, GivesTheFactorsOfFahrenheit) {
  const auto by = linear_between("F", "C");
  ASSERT_TRUE(by);
  EXPECT_EQ(by->pre_offset, -3200);
  EXPECT_EQ(by->numerator, 5);
  EXPECT_EQ(by->denominator, 9);
  EXPECT_EQ(by->post_offset, 0);
}

TEST(IsSameUnit, KnowsSpellings) {
  EXPECT_TRUE(is_same_unit("C",
                           "\xc2\xb0"
                           "C"));
  EXPECT_TRUE(is_same_unit("hPa", "mbar"));
  EXPECT_TRUE(is_same_unit("ppm", "ppm"));
  EXPECT_TRUE(is_same_unit("", ""));
  EXPECT_FALSE(is_same_unit("C", "K")) << "same step, other zero";
  EXPECT_FALSE(is_same_unit("C", "F"));
  EXPECT_FALSE(is_same_unit("g", "kg"));
  EXPECT_FALSE(is_same_unit("", "C"));
}

}  // namespace
}  // namespace edge
