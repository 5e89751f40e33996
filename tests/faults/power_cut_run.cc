#include "tests/faults/power_cut_run.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <random>

#include "tests/faults/ack_journal.h"
#include "tests/faults/sim_time.h"
#include "tests/faults/store_script.h"
#include "tests/support/fake_clock.h"
#include "tests/support/rows.h"
#include "tests/support/weighings.h"

namespace edge::test {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMs = 1'000'000;

StoreOptions options_of(const fs::path& dir, SyncLevel level, std::mt19937_64& chance) {
  StoreOptions options;
  options.dir = dir / "store";
  options.gateway = "gw-1";
  options.level = level;
  options.min_free = 0;
  // The smaller the store, the more often the WAL is brought back: every 16 pages up to every 4,000.
  options.max_bytes = chance() % 2 == 0 ? 8LL << 20 : 512LL << 20;
  options.retain_sent = std::chrono::milliseconds(chance() % 3 == 0 ? 86'400'000 : 0);
  options.upkeep = false;  // its thread would read beside the one that has the turn
  options.ballast_bytes = chance() % 2 == 0 ? 0 : 64 << 10;
  return options;
}

/// A disk under power until it is cut off in one of its calls or at some moment.
class Life {
 public:
  Life(const fs::path& root, const Image& before, std::uint64_t seed) : chance_(seed), disk_(root, before) {
    write_image(before, root);
    static constexpr std::int64_t kSlowest[] = {2 * kMs, 20 * kMs, 95 * kMs, 700 * kMs};
    slowest_ns_ = kSlowest[chance_() % std::size(kSlowest)];
    disk_.gate = [this](const IoCall& call) { return gate(call); };
    disk_.while_syncing = [this] {
      sim::sleep_ns(static_cast<std::int64_t>(chance_() % static_cast<std::uint64_t>(slowest_ns_)));
      return dead_ ? EIO : 0;
    };
    attach(&disk_);
  }
  ~Life() { attach(nullptr); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// The power goes in the n-th call from now on, or after so long.
  void arm(std::int64_t calls, std::int64_t ns) {
    calls_left_ = calls;
    cut_at_ns_ = sim::now_ns() + ns;
  }
  void cut() {
    if (dead_) return;
    dead_ = true;
    cut_ns_ = sim::now_ns();
    left_ = disk_.cut(chance_);
  }
  void idle(std::int64_t ns) {
    const std::int64_t end = sim::now_ns() + ns;
    sim::sleep_ns(std::min(ns, std::max<std::int64_t>(cut_at_ns_ - sim::now_ns(), 0)));
    if (sim::now_ns() >= cut_at_ns_) cut();
    if (!dead_ && sim::now_ns() < end) sim::sleep_ns(end - sim::now_ns());
  }
  bool is_over() const { return dead_; }
  bool is_slow() const { return slowest_ns_ > 100 * kMs; }
  const Image& left() const { return left_; }
  std::int64_t cut_ns() const { return cut_ns_; }
  std::int64_t calls() const { return calls_; }

 private:
  Fate gate(const IoCall& /*call*/) {
    if (dead_) return {EIO, false};
    ++calls_;
    sim::spend_ns(2'000 + static_cast<std::int64_t>(chance_() % 20'000));
    const std::int64_t overdue = sim::overdue_ns();
    if (overdue > kMs / 2 || (overdue > 0 && chance_() % 4 == 0)) sim::yield();
    if (--calls_left_ == 0 || sim::now_ns() >= cut_at_ns_) cut();
    return dead_ ? Fate{EIO, false} : Fate{};
  }

  std::mt19937_64 chance_;
  Disk disk_;
  std::int64_t slowest_ns_ = 0, calls_ = 0, cut_ns_ = 0;
  std::int64_t calls_left_ = -1, cut_at_ns_ = std::numeric_limits<std::int64_t>::max();
  bool dead_ = false;
  Image left_;
};

/// A store that has been opened and closed: most runs start from it.
const Image& made_before(const fs::path& dir) {
  static const Image kMade = [&] {
    StoreOptions options;
    options.dir = dir / "made" / "store";
    options.gateway = "gw-1";
    options.ballast_bytes = 0;
    const FakeClock clock;
    { const auto store = SqliteStore::open(options, clock); }
    Image image = read_image(dir / "made");
    fs::remove_all(dir / "made");
    return image;
  }();
  return kMade;
}

/// Opens what is left without a made-up disk, checks it, and sees that it works on.
void check_left(const Life& life, const StoreOptions& options, AckJournal& journal, PowerCutResult& result) {
  write_image(life.left(), options.dir.parent_path());
  FakeClock clock;
  clock.advance(std::chrono::hours(1));
  const auto store = SqliteStore::open(options, clock);
  if (!store) {
    result.faults.push_back("does not open: " + store.error().detail);
    return;
  }
  for (auto& fault : journal.check(**store, life.cut_ns(), life.is_slow())) result.faults.push_back(fault);
  std::vector<NewObservation> row = {test::row(1, clock.utc_ms())};
  const auto stored = (*store)->append(row, {{"messages", 1}, {"decoded", 1}, {"readings", 1}});
  const auto weighed = (*store)->record(test::weighing(clock.utc_ms()), {});
  const auto finished = (*store)->finish(0, test::ticket(clock.utc_ms(), "correct"), "S1");
  const auto pending = (*store)->pending(100'000, clock.utc_ms(), true);
  if (!stored || !weighed || !finished || !pending) {
    result.faults.emplace_back("does not work on");
    return;
  }
  // Only the journal of this copy: the next life starts from the disk as it was left.
  AckJournal copy = journal;
  copy.handed_out(*pending);
  for (auto& fault : copy.check(**store, 0, true)) {
    if (fault.starts_with("uid ") || fault.starts_with("a number twice")) result.faults.push_back(fault);
  }
}

/// In made-up time, from power on to power off; what failed meanwhile.
std::vector<std::string> live(Life& life, const StoreOptions& options, AckJournal& journal, std::mt19937_64& chance) {
  sim::begin(chance());
  std::vector<std::string> faults;
  {
    // A fifth of the cuts comes while the store is opened.
    if (chance() % 5 == 0) life.arm(static_cast<std::int64_t>(1 + chance() % 150), 1'000'000 * kMs);
    const std::size_t steps = 1 + chance() % 60;
    const auto idle = [&](std::int64_t ns) { life.idle(ns); };
    StoreScript script(options, journal, chance, idle, [&] { return life.is_over(); });
    if (script.open()) {
      if (chance() % 8 == 0) script.build_backlog();
      for (std::size_t step = 0; step < steps && !life.is_over(); ++step) script.step();
      life.arm(static_cast<std::int64_t>(1 + chance() % 60), static_cast<std::int64_t>(chance() % 400) * kMs);
      for (int more = 0; more < 15 && !life.is_over(); ++more) script.step();
    }
    life.cut();
    faults = script.faults();
  }
  sim::end();
  return faults;
}

}  // namespace

PowerCutResult run_power_cut(std::uint64_t seed, SyncLevel level, const fs::path& dir) {
  PowerCutResult result;
  std::mt19937_64 chance(seed * 0x9E3779B97F4A7C15ULL + 1);
  fs::create_directories(dir / "live");
  fs::create_directories(dir / "left");
  const StoreOptions options = options_of(dir / "live", level, chance);
  StoreOptions after = options;
  after.dir = dir / "left" / "store";
  AckJournal journal(level);
  Image disk = chance() % 7 == 0 ? Image() : made_before(dir);
  const std::size_t lives = 1 + chance() % 3;
  for (std::size_t n = 0; n < lives && result.faults.empty(); ++n) {
    Life life(dir / "live", disk, chance());
    result.faults = live(life, options, journal, chance);
    attach(nullptr);
    ++result.cuts;
    result.io_calls += life.calls();
    disk = life.left();
    check_left(life, after, journal, result);
  }
  result.acked_rows = journal.acked_rows;
  result.lost_rows = journal.lost_rows;
  result.oldest_lost_ms = journal.oldest_lost_ms;
  result.weighings = static_cast<std::int64_t>(journal.weighings.size());
  result.tickets = static_cast<std::int64_t>(journal.tickets.size());
  return result;
}

}  // namespace edge::test
