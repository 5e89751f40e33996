#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/unit/agent/adapters/salvage_rig.h"

namespace edge {
namespace {

namespace fs = std::filesystem;
using Delivered = std::multimap<std::string, std::string>;

/// Damage of every kind at places of chance. EDGE_DAMAGE_SEEDS: how many; the long run takes thousands.
class DamageTest : public test::SalvageRig {
 protected:
  std::mt19937 random_;

  std::uintmax_t below(std::uintmax_t end) { return std::uniform_int_distribution<std::uintmax_t>(0, end - 1)(random_); }

  Delivered fill() {
    append(60);
    settle_all();
    append(120);
    record("38440");
    if (below(2) == 0) {
      EXPECT_TRUE(store_->flush());
    }
    append(60);
    clock_.advance(std::chrono::seconds(61));
    (void)pending();  // the uplink looks: how far the rows go is noted then
    return waiting_records();
  }
  /// What was done, in words.
  std::string damage(const char* suffix) {
    const auto size = fs::file_size(file(suffix));
    const auto at = below(size);
    std::string noise(1 + below(2'000), '\0');
    switch (below(5)) {
      case 0: {
        const auto flips = 1 + below(20);
        const std::string all = bytes_of(suffix);
        for (std::uintmax_t n = 0; n < flips; ++n) {
          const auto place = below(size);
          overwrite(place, std::string(1, static_cast<char>(all[place] ^ (1 << below(8)))), suffix);
        }
        return std::to_string(flips) + " bits flipped";
      }
      case 1:
        overwrite(at / 1024 * 1024, std::string(std::min<std::uintmax_t>(1024 * (1 + below(3)), size - at / 1024 * 1024), '\0'), suffix);
        return "pages of zeros from " + std::to_string(at / 1024);
      case 2:
        fs::resize_file(file(suffix), at);
        return "cut to " + std::to_string(at);
      case 3:
        for (char& byte : noise) byte = static_cast<char>(random_());
        noise.resize(std::min<std::uintmax_t>(noise.size(), size - at));
        overwrite(at, noise, suffix);
        return "noise at " + std::to_string(at);
      default: {
        const std::string all = bytes_of(suffix);
        overwrite(at / 1024 * 1024, all.substr(below(size) / 1024 * 1024, 1024).substr(0, size - at / 1024 * 1024), suffix);
        return "a page written to the place of page " + std::to_string(at / 1024);
      }
    }
  }
  std::string bytes_of(const char* suffix) const {
    std::ifstream in(file(suffix), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void begin_anew() {
    store_.reset();
    for (const auto& entry : fs::directory_iterator(dir_.path())) fs::remove_all(entry.path());
    SetUp();
  }

  /// Opens, delivers all and starts anew as the agent does where the store gives out; how often it was opened.
  int deliver_all(Delivered& delivered, std::int64_t& lost, std::int64_t& dead) {
    for (int openings = 1; openings <= 4; ++openings) {
      open();
      if (HasFatalFailure()) return openings;
      wait_upkeep();
      const bool whole = deliver(delivered);
      wait_upkeep();
      const auto recovery = store_->identity().recovery;
      lost = recovery.lost;
      dead = store_->totals().dead;
      if (whole && recovery.damage.empty()) return openings;
      clock_.advance(std::chrono::hours(2));
    }
    ADD_FAILURE() << "it never comes to rest";
    return 0;
  }

  void one(unsigned seed) {
    random_.seed(seed);
    begin_anew();
    const Delivered waits = fill();
    kill();
    const bool wal = below(4) == 0;
    std::string what;
    for (auto n = below(3) + 1; n > 0; --n) {
      const char* const suffix = wal ? "-wal" : "";
      if (fs::exists(file(suffix)) && fs::file_size(file(suffix)) > 1024) what += damage(suffix) + "; ";
    }
    SCOPED_TRACE("seed " + std::to_string(seed) + (wal ? ", wal: " : ": ") + what);
    Delivered delivered;
    std::int64_t lost = 0, dead = 0;
    deliver_all(delivered, lost, dead);
    for (const auto& [uid, json] : delivered) {
      const auto known = waits.find(uid);
      if (known != waits.end()) {
        EXPECT_EQ(json, known->second) << "sent is what was appended";
      }
    }
    std::int64_t missing = 0;
    for (const auto& [uid, json] : waits) missing += delivered.contains(uid) ? 0 : 1;
    // fill() ends with a note of how far the rows go: only of rows behind such a note nothing is known but how many they
    // are at most. See docs/recovery.md.
    EXPECT_LE(missing, std::max(told(delivered), lost) + dead) << "what is missing is told of";
    missing_ += missing;
    rows_ += static_cast<std::int64_t>(waits.size());
  }
  std::int64_t missing_ = 0, rows_ = 0;
};

TEST_F(DamageTest, EveryRowArrivesAsItWasOrIsToldOf) {
  const char* const asked = std::getenv("EDGE_DAMAGE_SEEDS");
  const unsigned seeds = asked == nullptr ? 60 : static_cast<unsigned>(std::atoi(asked));
  for (unsigned seed = 1; seed <= seeds && !HasFailure(); ++seed) one(seed);
  RecordProperty("rows", std::to_string(rows_));
  RecordProperty("missing", std::to_string(missing_));
  std::printf("%u seeds, %lld rows, %lld of them missing and told of\n", seeds, static_cast<long long>(rows_),
              static_cast<long long>(missing_));
}

}  // namespace
}  // namespace edge
