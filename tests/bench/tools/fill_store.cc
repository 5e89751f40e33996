#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/adapters/system_clock/system_clock.h"
#include "protocols/record/identity.h"
#include "protocols/record/sha256.h"

namespace edge::bench {
namespace {

struct Options {
  std::string dir, gateway = "gw-test", site = "silo-a", epoch = "1";
  std::int64_t rows = 1'000'000, age_s = 7 * 24 * 3600, max_bytes = 0;
  int devices = 50, batch = 500;
  bool power_cut = false;
};

/// As Ingest makes it of a message with a time of its own.
NewObservation row(const Options& o, std::int64_t number, std::int64_t at) {
  Observation row;
  row.identity = Identity::kContent;
  row.site = o.site;
  row.device = "dev" + std::to_string(number % o.devices + 1);
  row.type = "temperature";
  row.observed_at = at - 3;
  row.received_at = at;
  row.time_source = TimeSource::kDevice;
  row.clock = ClockState::kSynced;
  row.boot = "5f0c9a1e";
  row.mono_ms = 86'400'123 + number;
  row.value = std::to_string(20 + number % 7) + "." + std::to_string(10 + number % 90);
  row.unit = "C";
  row.policy_version = "1771500000000";
  row.raw = R"({"metric":"temperature","value":)" + *row.value + R"(,"unit":"C","ts":)" + std::to_string(at - 3) +
            R"(,"seq":)" + std::to_string(number) + "}";
  row.raw_bytes = static_cast<std::int64_t>(row.raw.size());
  row.raw_sha256 = sha256_hex(row.raw);
  row.uid = uid_of_content({row.site, row.device, row.type, 0, row.raw});
  return {std::move(row), static_cast<std::uint16_t>(number % 65'535 + 1)};
}

int fill(const Options& o) {
  const SystemClock clock;
  StoreOptions options;
  options.dir = o.dir;
  options.gateway = o.gateway;
  options.max_bytes = o.max_bytes;
  options.min_free = 0;
  if (o.power_cut) options.level = SyncLevel::kEachCommit;
  const auto opening = std::chrono::steady_clock::now();
  auto store = SqliteStore::open(options, clock);
  const std::chrono::duration<double, std::milli> opened = std::chrono::steady_clock::now() - opening;
  if (!store) {
    std::fprintf(stderr, "fill-store: %s\n", store.error().detail.c_str());
    return 1;
  }
  if ((*store)->identity().provisional) {
    if (auto granted = (*store)->grant_epoch(o.epoch); !granted) {
      std::fprintf(stderr, "fill-store: %s\n", granted.error().detail.c_str());
      return 1;
    }
  }
  const std::int64_t begin = clock.utc_ms() - o.age_s * 1000;
  std::chrono::nanoseconds storing{0};
  for (std::int64_t done = 0; done < o.rows;) {
    std::vector<NewObservation> rows;
    for (int n = 0; n < o.batch && done < o.rows; ++n, ++done) {
      rows.push_back(row(o, done, begin + o.age_s * 1000 / o.rows * done));
    }
    const auto count = static_cast<std::int64_t>(rows.size());
    const auto from = std::chrono::steady_clock::now();
    const auto stored = (*store)->append(rows, {{"messages", count}, {"decoded", count}, {"readings", count}});
    storing += std::chrono::steady_clock::now() - from;
    if (!stored) {
      std::fprintf(stderr, "fill-store: row %lld: %s\n", static_cast<long long>(done), stored.error().detail.c_str());
      return 1;
    }
  }
  const auto flushed = (*store)->flush();
  const StoreSize size = (*store)->size();
  std::printf("{\"rows\":%lld,\"rows_per_s\":%.0f,\"bytes\":%lld,\"open_ms\":%.1f,\"flushed\":%s}\n", static_cast<long long>(o.rows),
              static_cast<double>(o.rows) / std::max(1e-9, std::chrono::duration<double>(storing).count()),
              static_cast<long long>(size.used_bytes), opened.count(), flushed ? "true" : "false");
  return 0;
}

}  // namespace
}  // namespace edge::bench

int main(int argc, char** argv) {
  edge::bench::Options o;
  CLI::App app("Fills the store of an agent with rows that wait for the server. Prints rows/s of the appends alone.",
               "fill-store");
  app.add_option("dir", o.dir, "State directory of the agent, which must not run")->required();
  app.add_option("--rows", o.rows, "How many")->capture_default_str();
  app.add_option("--batch", o.batch, "Rows of one transaction")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--devices", o.devices, "dev1 to devN in turn")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--age", o.age_s, "Seconds ago the first was received; the last is of now")->capture_default_str();
  app.add_option("--gateway", o.gateway, "Gateway id")->capture_default_str();
  app.add_option("--site", o.site, "Site code")->capture_default_str();
  app.add_option("--epoch", o.epoch, "Epoch of a store that has none")->capture_default_str();
  app.add_option("--max-bytes", o.max_bytes, "As store.max_bytes; 0 = its default")->capture_default_str();
  app.add_flag("--power-cut", o.power_cut, "A sync for each transaction");
  CLI11_PARSE(app, argc, argv);
  return edge::bench::fill(o);
}
