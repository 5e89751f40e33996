#include <dlfcn.h>
#include <errno.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/document_rig.h"

namespace {

std::atomic<int> syncs{0};
std::atomic<bool> broken{false};

int sync_with(const char* name, int fd) {
  if (broken) {
    errno = EIO;
    return -1;
  }
  ++syncs;
  using Sync = int (*)(int);
  return reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

// In front of the C library's, for the store and for SQLite alike: what they sync is counted, and fails when told.
extern "C" int fdatasync(int fd) { return sync_with("fdatasync", fd); }
extern "C" int fsync(int fd) { return sync_with("fsync", fd); }

namespace edge {
namespace {

/// Whether the disk has a document before anybody is told of it.
class DiskTest : public test::DocumentRig, public testing::WithParamInterface<SyncLevel> {
 protected:
  void SetUp() override {
    broken = false;
    DocumentRig::SetUp();
    open(GetParam());
  }
  void TearDown() override { broken = false; }
  /// Syncs that `work` waits for.
  template <class Work>
  int syncs_of(const Work& work) {
    EXPECT_TRUE(store_->flush());
    const int before = syncs;
    work();
    return syncs - before;
  }
};

TEST_P(DiskTest, HasEachDocumentBeforeTheCallReturns) {
  OpenTicket open_one;
  EXPECT_GE(syncs_of([&] { open_one = *store_->put(test::open_ticket(1)); }), 1);
  EXPECT_GE(syncs_of([&] { record("38440", open_one.id); }), 1);
  EXPECT_GE(syncs_of([&] { record("14580", open_one.id); }), 1);
  EXPECT_GE(syncs_of([&] { finish(open_one.id, test::ticket(2)); }), 1);
  EXPECT_EQ(syncs_of([&] { (void)chain(); }), 0) << "reading waits for nothing that is there already";
}

TEST_P(DiskTest, TellsNothingAfterAFailedSync) {
  record("38440");
  broken = true;
  const auto refused = store_->record(test::weighing(clock_.utc_ms(), "14580"), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kIo);
  broken = false;
  EXPECT_EQ(store_->record(test::weighing(clock_.utc_ms()), {}).error().code, Errc::kIo)
      << "the kernel may have dropped the pages: a later success proves nothing";
  EXPECT_EQ(store_->put(test::open_ticket(1)).error().code, Errc::kIo);
  EXPECT_EQ(store_->finish(0, test::ticket(1), "S1").error().code, Errc::kIo);
  for (const wire::ChainHead& head : store_->chain_heads()) EXPECT_EQ(head.seq, 1) << "not the one nobody was told of";
  open(GetParam());
  record("14580");
  expect_chain();
}

INSTANTIATE_TEST_SUITE_P(Levels, DiskTest, testing::Values(SyncLevel::kTimed, SyncLevel::kEachCommit),
                         [](const auto& given) { return given.param == SyncLevel::kTimed ? "Timed" : "EachCommit"; });

}  // namespace
}  // namespace edge
