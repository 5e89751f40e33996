#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/faults/faulty_vfs.h"
#include "tests/faults/io_sweep_run.h"
#include "tests/faults/memory_dir.h"

namespace edge {
namespace {

using test::IoFault;
using test::SweepRun;

constexpr IoFault kFaults[] = {IoFault::kError, IoFault::kFull, IoFault::kHalf, IoFault::kHalfFull};

/// EDGE_IO_SWEEP=1: every call; else every 23rd, beginning with another one for each kind of fault.
std::size_t stride() { return std::getenv("EDGE_IO_SWEEP") != nullptr ? 1 : 23; }

struct Sweep {
  const char* name;
  SyncLevel level;
  bool corrupt;
};

class IoSweepTest : public testing::TestWithParam<Sweep> {
 protected:
  static void SetUpTestSuite() { test::install_faulty_vfs(); }

  /// Runs until the failing call lies behind the last one made.
  void sweep(IoFault fault, bool for_good) {
    SweepRun run{GetParam().level, GetParam().corrupt, fault, 0, for_good};
    const auto clean = test::run_io_sweep(run, dir_.path());
    ASSERT_TRUE(clean.faults.empty()) << clean.faults.front();
    ASSERT_EQ(clean.refused, 0U);
    std::size_t runs = 0, fired = 0, refused = 0, failed = 0;
    run.nth = 1 + static_cast<std::size_t>(fault) * 5 + (for_good ? 3 : 0);
    for (;; run.nth += stride()) {
      // The calls before the failing one are those of the clean pass.
      if (run.nth <= clean.calls.size() && !for_good && !test::can_fail(clean.calls[run.nth - 1], fault)) continue;
      const auto result = test::run_io_sweep(run, dir_.path());
      for (const std::string& what : result.faults) {
        ADD_FAILURE() << GetParam().name << ", " << to_text(fault) << (for_good ? " for good" : "") << " from call "
                      << run.nth << " (" << to_text(result.calls[std::min(run.nth, result.calls.size()) - 1])
                      << "): " << what;
      }
      failed += result.faults.empty() ? 0 : 1;
      if (result.fired == 0 && run.nth > result.calls.size()) break;  // the clean pass
      ++runs, fired += result.fired, refused += result.refused;
    }
    std::printf("%s, %s%s: %zu calls, %zu runs, %zu calls failed, %zu answers of the store were errors, %zu bad\n",
                GetParam().name, std::string(to_text(fault)).c_str(), for_good ? " for good" : "", clean.calls.size(),
                runs, fired, refused, failed);
    EXPECT_GT(fired, 0U);
  }

 private:
  test::MemoryDir dir_;
};

TEST_P(IoSweepTest, NoFailingCallLosesWhatWasAcknowledged) {
  for (const IoFault fault : kFaults) {
    for (const bool for_good : {false, true}) sweep(fault, for_good);
  }
}

INSTANTIATE_TEST_SUITE_P(Scripts, IoSweepTest,
                         testing::Values(Sweep{"Default", SyncLevel::kTimed, false},
                                         Sweep{"PowerCut", SyncLevel::kEachCommit, false},
                                         Sweep{"SetAside", SyncLevel::kTimed, true}),
                         [](const auto& given) { return std::string(given.param.name); });

}  // namespace
}  // namespace edge
