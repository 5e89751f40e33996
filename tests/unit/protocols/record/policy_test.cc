#include "protocols/record/policy.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

Policy policy(const char* name, const char* site, const char* type) {
  Policy out;
  out.name = name, out.site = site, out.type = type;
  return out;
}

TEST(PolicyBook, PrefersTheExactType) {
  const PolicyBook book({policy("any", "silo-a", "*"), policy("bin", "silo-a", "temperature")});
  EXPECT_EQ(book.find("silo-a", "temperature")->name, "bin");
  EXPECT_EQ(book.find("silo-a", "humidity")->name, "any");
}

TEST(PolicyBook, KnowsNothingOfOtherSites) {
  const PolicyBook book({policy("any", "silo-a", "*")});
  EXPECT_EQ(book.find("silo-b", "temperature"), nullptr);
  EXPECT_EQ(PolicyBook().find("silo-a", "temperature"), nullptr);
}

TEST(PolicyBook, SiteAndTypeDoNotRunTogether) {
  const PolicyBook book({policy("x", "a", "bc")});
  EXPECT_EQ(book.find("ab", "c"), nullptr);
}

TEST(PolicyBook, OfTwoForOneTypeTheFirstJudges) {
  const PolicyBook book({policy("one", "a", "t"), policy("two", "a", "t")});
  EXPECT_EQ(book.find("a", "t")->name, "one");
}

TEST(PolicyBook, SurvivesACopy) {
  PolicyBook copy;
  {
    const PolicyBook book({policy("bin", "silo-a", "temperature")});
    copy = book;
  }
  EXPECT_EQ(copy.find("silo-a", "temperature")->name, "bin");
}

TEST(PolicyBook, NoDeviceIsUnknownBeforeAListCame) {
  PolicyBook book;
  EXPECT_FALSE(book.has_devices());
  EXPECT_FALSE(book.is_unknown("silo-a", "bin3-t1"));
}

TEST(PolicyBook, AnEmptyListMakesEveryDeviceUnknown) {
  PolicyBook book;
  book.set_devices({});
  EXPECT_TRUE(book.has_devices());
  EXPECT_TRUE(book.is_unknown("silo-a", "bin3-t1"));
}

TEST(PolicyBook, KnowsDevicesBySite) {
  PolicyBook book;
  book.set_devices({{"silo-a", "bin3-t1"}});
  EXPECT_FALSE(book.is_unknown("silo-a", "bin3-t1"));
  EXPECT_TRUE(book.is_unknown("silo-b", "bin3-t1"));
  EXPECT_TRUE(book.is_unknown("silo-a", "bin3-t2"));
  book.set_devices({{"silo-a", "bin3-t2"}});
  EXPECT_TRUE(book.is_unknown("silo-a", "bin3-t1"));
}

}  // namespace
}  // namespace edge
