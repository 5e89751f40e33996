#include <filesystem>
#include <map>
#include <random>

#include "tests/support/room_rig.h"

namespace edge {
namespace {

namespace fs = std::filesystem;

/// A server that remembers what it was given, under a store that lives in a copy of a directory now and then.
class ConservationTest : public test::RoomRig, public testing::WithParamInterface<int> {
 protected:
  StoreOptions options() const override {
    StoreOptions options = RoomRig::options();
    options.dir = dir_.path() / std::to_string(life_);
    options.max_bytes = 512 << 10;
    options.ballast_bytes = 32 << 10;
    options.dead_letters = 60;
    return options;
  }
  /// What kill -9 leaves: the files as they are now, while the old process is in the middle of things.
  void die() {
    const fs::path old = options().dir;
    ++life_;
    fs::create_directory(options().dir);
    for (const char* name : {"edge.sqlite", "edge.sqlite-wal", "ballast"}) {
      if (fs::exists(old / name)) fs::copy_file(old / name, options().dir / name);
    }
    open();
  }
  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }
  bool chance(double of) { return std::uniform_real_distribution<>(0, 1)(random_) < of; }

  void append_some() {
    const bool flood = chance(0.3);
    const Flag flag = flood ? Flag::kQuarantine : static_cast<Flag>(pick(4));
    const int device = static_cast<int>(pick(4));
    const std::size_t count = 1 + pick(150);
    for (std::size_t n = 0; n < count; ++n) {
      NewObservation made = flagged(flood ? flag : static_cast<Flag>(pick(3) == 0 ? pick(4) : 0), device,
                                    flood ? "critical_max:35" : "");
      if (append(made)) ++made_readings_;
      clock_.advance(std::chrono::milliseconds(flood ? 900 : 15'000));
    }
  }
  void weigh() {
    if (store_->record(test::weighing(clock_.utc_ms()), {})) ++weighed_;
  }
  void ask() {
    const auto rows = hand_out(1 + pick(300));
    if (rows.empty() || chance(0.3)) return;  // no answer
    std::vector<Outcome> outcomes;
    for (const PendingRow& row : rows) {
      Outcome outcome;
      outcome.id = row.id;
      const double fate = std::uniform_real_distribution<>(0, 1)(random_);
      if (fate < 0.05) outcome.kind = Outcome::Kind::kDead;
      if (fate > 0.9) outcome.kind = Outcome::Kind::kLater;
      outcome.not_before = clock_.utc_ms() + static_cast<std::int64_t>(pick(400'000));
      if (fate > 0.85 && fate < 0.87) continue;  // no word on this one
      outcomes.push_back(outcome);
      if (outcome.kind == Outcome::Kind::kSent) got(row);
    }
    ASSERT_TRUE(store_->settle(outcomes, clock_.utc_ms()));
  }
  void got(const PendingRow& row) {
    ASSERT_TRUE(seen_.emplace(row.observation.uid, 1).second) << "twice: " << row.id;
    if (row.document.empty()) {
      server_readings_ += row.observation.fold ? row.observation.fold->count : 1;
    } else if (row.observation.type == "gap") {
      server_missing_ += counted(gaps_of({row}));
    } else {
      ++server_weighings_;
    }
  }
  /// Every reading ever taken is somewhere, once.
  void expect_model() {
    std::int64_t here = 0, missing = server_missing_;
    std::vector<PendingRow> rows = waiting();
    for (const PendingRow& row : rows) {
      if (row.document.empty()) here += row.observation.fold ? row.observation.fold->count : 1;
    }
    missing += counted(gaps_of(rows));
    std::int64_t letters = 0;
    const auto set_aside = store_->dead_letters(100'000, 0).value();
    for (const DeadLetter& letter : set_aside) {
      const auto record = wire::decode(letter.record);
      ASSERT_TRUE(record) << record.error().detail;
      if (const auto* const o = std::get_if<wire::ObservationRecord>(&*record)) {
        letters += o->observation.fold ? o->observation.fold->count : 1;
      } else if (const auto* const gap = std::get_if<wire::Gap>(&*record)) {
        missing += gap->count;
      }
    }
    EXPECT_EQ(server_readings_ + here + letters + missing, made_readings_);
    std::int64_t thinned = 0;
    for (const auto& [name, count] : store_->counters()) thinned += name.starts_with("thinned.") ? count : 0;
    EXPECT_EQ(missing, thinned) << "each reading that went is in one gap record";
    expect_sums();
  }

  std::mt19937 random_{static_cast<std::mt19937::result_type>(GetParam())};
  int life_ = 0;
  std::int64_t made_readings_ = 0, weighed_ = 0, server_readings_ = 0, server_missing_ = 0, server_weighings_ = 0;
  std::map<std::string, int> seen_;
};

TEST_P(ConservationTest, EveryReadingIsSomewhereOnce) {
  for (int step = 0; step < 150; ++step) {
    switch (pick(8)) {
      case 0:
        ask();
        break;
      case 1:
        store_->keep_house(std::chrono::milliseconds(pick(20)));
        break;
      case 2:
        if (chance(0.3)) die();
        break;
      case 3:
        if (chance(0.3)) weigh();
        break;
      case 4:
        if (chance(0.1)) (void)store_->requeue_all("");
        break;
      default:
        append_some();
    }
    expect_model();
    if (HasFailure()) FAIL() << "step " << step;
  }
  EXPECT_GT(store_->counters()["thinned.ok"], 0) << "or nothing was proven";
  // The server is back for good: flagged rows, weighings and gaps all arrive.
  for (int rounds = 0; rounds < 2'000 && store_->totals().pending > 0; ++rounds) {
    const auto rows = store_->pending(500, clock_.utc_ms(), true).value();
    for (const PendingRow& row : rows) got(row);
    settle(rows);
  }
  EXPECT_EQ(store_->totals().pending, 0);
  expect_model();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ConservationTest, testing::Range(1, 3));

}  // namespace
}  // namespace edge
