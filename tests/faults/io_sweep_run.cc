#include "tests/faults/io_sweep_run.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <random>

#include "tests/faults/fixed_script.h"
#include "tests/faults/sim_time.h"

namespace edge::test {
namespace fs = std::filesystem;
namespace {

StoreOptions options_of(const fs::path& root, SyncLevel level) {
  StoreOptions options;
  options.dir = root / "store";
  options.gateway = "gw-1";
  options.level = level;
  options.min_free = 0;
  options.max_bytes = 4LL << 20;
  options.retain_sent = std::chrono::milliseconds(0);
  options.upkeep = false;  // its thread would read beside the one that has the turn
  options.ballast_bytes = 64 << 10;
  return options;
}

Image damaged() {
  Image image;
  image["store/"];
  image["store/edge.sqlite"] = "SQLite format 3" + std::string(3'000, '\x5A');
  image["store/edge.sqlite-wal"] = std::string(100, '\x5A');
  return image;
}

Fate fate_of(IoFault fault) {
  const bool full = fault == IoFault::kFull || fault == IoFault::kHalfFull;
  return {full ? ENOSPC : EIO, fault == IoFault::kHalf || fault == IoFault::kHalfFull};
}

std::ptrdiff_t open_descriptors() {
  return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
}

/// Opens what is there in `root` without faults and holds it against the journal.
void check(const fs::path& root, const SweepRun& run, AckJournal journal, const char* when, SweepResult& result) {
  FakeClock clock;
  clock.advance(std::chrono::hours(48));
  const auto store = SqliteStore::open(options_of(root, run.level), clock);
  if (!store) {
    result.faults.push_back(std::string(when) + ": does not open: " + store.error().detail);
    return;
  }
  // A disk that fails for good keeps nothing more, however long ago it was acknowledged: the store has said so.
  for (const std::string& fault : journal.check(**store, sim::now_ns(), true)) {
    // The damaged file was said to be one; that it was is the point.
    if (run.corrupt && fault.find("corrupt file") != std::string::npos) continue;
    result.faults.push_back(std::string(when) + ": " + fault);
  }
}

/// A damaged file is moved, never lost: whatever failed, its bytes are still somewhere.
void check_kept(const fs::path& root, const char* when, SweepResult& result) {
  const Image image = read_image(root);
  const std::string content = damaged().at("store/edge.sqlite");
  const auto same = [&](const auto& file) { return file.second == content; };
  if (std::ranges::none_of(image, same)) result.faults.push_back(std::string(when) + ": the damaged file is lost");
}

}  // namespace

std::string_view to_text(IoFault fault) {
  static constexpr std::string_view kNames[] = {"EIO", "ENOSPC", "half a write, EIO", "half a write, ENOSPC"};
  return kNames[static_cast<std::size_t>(fault)];
}

bool can_fail(IoKind kind, IoFault fault) {
  const bool writes = kind == IoKind::kWrite;
  const bool takes_room = writes || kind == IoKind::kTruncate || kind == IoKind::kAllocate || kind == IoKind::kMakeDir;
  if (fault == IoFault::kError) return true;
  return fault == IoFault::kFull ? takes_room : writes;
}

SweepResult run_io_sweep(const SweepRun& run, const fs::path& dir) {
  SweepResult result;
  const fs::path live = dir / "live", left = dir / "left";
  fs::create_directories(live);
  fs::create_directories(left);
  const Image before = run.corrupt ? damaged() : Image();
  write_image(before, live);
  const auto descriptors = open_descriptors();
  AckJournal journal(run.level);
  Disk disk(live, before);
  disk.while_syncing = [] {
    sim::sleep_ns(1'000'000);
    return 0;
  };
  disk.gate = [&](const IoCall& call) {
    result.calls.push_back(call.kind);
    sim::spend_ns(10'000);
    if (sim::overdue_ns() > 500'000) sim::yield();
    const std::size_t number = result.calls.size();
    const bool hit = run.nth > 0 && (number == run.nth || (run.for_good && number > run.nth));
    if (!hit || !can_fail(call.kind, run.fault)) return Fate{};
    ++result.fired;
    return fate_of(run.fault);
  };
  attach(&disk);
  sim::begin(1);
  {
    FixedScript script(options_of(live, run.level), journal);
    script.run();
    result.refused = script.refused();
    result.faults = script.faults();
    if (!run.for_good && script.silent() > 0) result.faults.emplace_back("appends fail and nobody says why");
  }
  sim::end();
  attach(nullptr);
  if (open_descriptors() != descriptors) result.faults.emplace_back("a descriptor is left open");
  std::mt19937_64 chance(run.nth);
  write_image(disk.cut(chance), left);
  if (!run.corrupt) check(left, run, journal, "after a power cut", result);
  journal.all_safe();
  check(live, run, journal, "opened again", result);
  if (run.corrupt) check_kept(live, "opened again", result);
  return result;
}

}  // namespace edge::test
