#include <algorithm>
#include <filesystem>

#include "tests/support/room_rig.h"

namespace edge {
namespace {

namespace fs = std::filesystem;

/// The write-ahead log while much is written and read at once.
class WalTest : public test::RoomRig {
 protected:
  StoreOptions options() const override {
    StoreOptions options = RoomRig::options();
    options.max_bytes = 64LL << 20;
    return options;
  }
  std::int64_t wal() const {
    return static_cast<std::int64_t>(fs::file_size(dir_.path() / "edge.sqlite-wal"));
  }
};

TEST_F(WalTest, StaysSmallThroughALongDrainUnderLoad) {
  std::int64_t largest = 0;
  for (int n = 0; n < 200; ++n) {
    auto some = test::rows(500, clock_.utc_ms(), 50);
    ASSERT_TRUE(store_->append(some, {{"readings", 500}}));
    largest = std::max(largest, wal());
  }
  for (int n = 0; n < 240; ++n) {
    settle(hand_out());
    auto some = test::rows(100, clock_.utc_ms(), 50);
    ASSERT_TRUE(store_->append(some, {{"readings", 100}}));
    clock_.advance(std::chrono::hours(1));  // what was sent is purged beside it
    keep_house();
    largest = std::max(largest, wal());
  }
  EXPECT_GT(largest, 1 << 20) << "or nothing was proven";
  EXPECT_LE(largest, 8LL << 20) << "what is kept for it";
  ASSERT_TRUE(store_->flush());
  EXPECT_EQ(wal(), 0) << "given back at the idle moment";
}

}  // namespace
}  // namespace edge
