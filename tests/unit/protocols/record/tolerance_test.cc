#include "protocols/record/tolerance.h"

#include <gtest/gtest.h>

namespace edge {
namespace {

TolerancePolicy policy(const char* name, std::optional<std::int64_t> from, std::optional<std::int64_t> to,
                       const char* site = "silo-a") {
  TolerancePolicy made;
  made.name = name, made.site = site, made.from = from, made.to = to;
  return made;
}

std::string found(const ToleranceBook& book, std::int64_t at, std::string_view site = "silo-a") {
  const TolerancePolicy* const policy = book.find(site, at);
  return policy == nullptr ? "" : policy->name;
}

TEST(ToleranceBook, FindsByPeriod) {
  const ToleranceBook book({policy("may", 500, 600)});
  EXPECT_EQ(found(book, 499), "");
  EXPECT_EQ(found(book, 500), "may") << "from is inclusive";
  EXPECT_EQ(found(book, 599), "may");
  EXPECT_EQ(found(book, 600), "") << "to is exclusive";
}

TEST(ToleranceBook, KnowsOnlyItsSite) {
  const ToleranceBook book({policy("a", {}, {}), policy("b", {}, {}, "silo-b")});
  EXPECT_EQ(found(book, 0, "silo-b"), "b");
  EXPECT_EQ(found(book, 0, "silo-c"), "");
  EXPECT_EQ(found(ToleranceBook(), 0), "");
}

TEST(ToleranceBook, TakesTheOneThatBeginsLast) {
  const ToleranceBook book({policy("season", 500, 900), policy("always", {}, {}), policy("week", 600, 700),
                            policy("twin", 600, 700), policy("until", {}, 800)});
  EXPECT_EQ(found(book, INT64_MIN), "always") << "the first of those that begin together";
  EXPECT_EQ(found(book, 500), "season");
  EXPECT_EQ(found(book, 650), "week");
  EXPECT_EQ(found(book, 700), "season");
  EXPECT_EQ(found(book, 900), "always");
}

}  // namespace
}  // namespace edge
