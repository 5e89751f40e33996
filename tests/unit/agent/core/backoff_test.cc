#include "agent/core/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/core/batch_size.h"

namespace edge {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, StaysWithinItsDoublingBound) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Backoff backoff(milliseconds{1000}, milliseconds{60'000}, seed);
    std::int64_t bound = 1000;
    for (int n = 0; n < 12; ++n) {
      const auto wait = backoff.next();
      EXPECT_GE(wait.count(), 1);
      EXPECT_LE(wait.count(), bound);
      bound = std::min<std::int64_t>(bound * 2, 60'000);
    }
  }
}

TEST(Backoff, SpreadsOverTheWholeBound) {
  Backoff backoff(milliseconds{1000}, milliseconds{1000}, 7);
  int low = 0;
  for (int n = 0; n < 1000; ++n) low += backoff.next().count() <= 500 ? 1 : 0;
  EXPECT_GT(low, 400);
  EXPECT_LT(low, 600);
}

TEST(Backoff, IsTheSameForTheSameSeedAndStartsAnew) {
  Backoff a(milliseconds{1000}, milliseconds{60'000}, 42), b(milliseconds{1000}, milliseconds{60'000}, 42);
  for (int n = 0; n < 5; ++n) EXPECT_EQ(a.next(), b.next());
  EXPECT_EQ(a.failures(), 5);
  a.reset();
  EXPECT_LE(a.next().count(), 1000);
}

TEST(Backoff, DoesNotOverflow) {
  Backoff backoff(milliseconds{300'000}, milliseconds{300'000}, 1);
  for (int n = 0; n < 200; ++n) EXPECT_LE(backoff.next().count(), 300'000);
}

TEST(BatchSize, HalvesDownToOneAndDoublesAgain) {
  BatchSize size(500);
  size.halve(500);
  EXPECT_EQ(size.rows(), 250U);
  size.halve(1);
  EXPECT_EQ(size.rows(), 1U);
  for (int n = 0; n < 9; ++n) size.succeeded(size.rows());
  EXPECT_EQ(size.rows(), 500U);
  EXPECT_FALSE(size.succeeded(3)) << "not full";
}

TEST(BatchSize, GrowsSlowlyAfterTooLarge) {
  BatchSize size(500);
  size.too_large(500);
  size.succeeded(250);
  EXPECT_EQ(size.rows(), 281U);
}

TEST(BatchSize, ClosesInOnTheBadRecord) {
  // One of 500, at each place: found in at most 2 × 9 requests.
  for (std::size_t bad = 0; bad < 500; ++bad) {
    BatchSize size(500);
    std::size_t first = 0;
    int requests = 0;
    for (;; ++requests) {
      const std::size_t sent = std::min(size.rows(), 500 - first);
      if (bad >= first + sent) {
        size.succeeded(sent);
        first += sent;
      } else if (sent > 1) {
        size.suspect(sent);
      } else {
        break;
      }
    }
    EXPECT_EQ(first, bad);
    EXPECT_LE(requests, 18) << bad;
  }
}

}  // namespace
}  // namespace edge
