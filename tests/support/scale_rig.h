#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/core/weighbridge.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace edge::test {

/// The store's alibi memory with something happening, or failing, just before a record is committed.
class WatchedWeighings : public Weighings {
 public:
  Result<wire::Weighing> record(const wire::Weighing& weighing, std::optional<std::int64_t> ticket) override {
    if (before) before();
    if (failure) return tl::unexpected(*failure);
    return store->record(weighing, ticket);
  }
  Result<std::vector<std::pair<RowId, wire::Weighing>>> weighings(std::string_view scale, RowId after,
                                                                  std::size_t limit) override {
    return store->weighings(scale, after, limit);
  }
  Result<wire::Weighing> weighing(std::string_view uid) override {
    auto found = store->weighing(uid);
    if (found && alter) alter(*found);
    return found;
  }
  std::vector<wire::ChainHead> chain_heads() const override { return store->chain_heads(); }

  SqliteStore* store = nullptr;
  std::function<void()> before;
  std::function<void(wire::Weighing&)> alter;  ///< what is read back
  std::optional<Error> failure;
};

/// Weighbridge "ws1" (code S1, site silo-a, e 20 kg, 400 kg to 60 t) over a real store, with an indicator in the hand
/// of the test. Gateway gw-silo-a, epoch 3.
class ScaleRig {
 public:
  static constexpr std::chrono::milliseconds kFrame{100};  ///< between two frames

  ScaleRig() : ScaleRig({setup()}) {}
  explicit ScaleRig(std::vector<ScaleSetup> scales) : scales_(std::move(scales)) {
    open();
    if (!store->grant_epoch("3")) throw std::runtime_error("grant_epoch");
    restart();
  }

  static ScaleSetup setup(const std::string& device = "ws1", const std::string& code = "S1") {
    ScaleSetup out;
    out.device = device;
    out.code = code;
    out.site = "silo-a";
    out.profile = "toledo";
    out.rules.unit = "kg";
    out.rules.e = {20, 0};
    out.rules.max = Weight{60'000, 0};
    out.rules.min = Weight{400, 0};
    return out;
  }

  /// A new process over the same file.
  void restart() {
    bridge.reset();
    store.reset();
    open();
    bridge = std::make_unique<Weighbridge>(weighings, *store, clock, "gw-silo-a", scales_);
  }

  /// A still gross frame of so many kilograms, as the toledo profile would read it.
  static WeightSample frame(std::int64_t kg) {
    WeightSample out;
    out.value = Weight{kg, 0};
    out.unit = "kg";
    out.mode = WeightMode::kGross;
    out.stable = Tri::kYes;
    out.zero = kg == 0 ? Tri::kYes : Tri::kNo;
    out.checksum = ChecksumState::kOk;
    out.raw = "\x02" + std::to_string(kg) + "\r";
    return out;
  }
  /// The same frame again and again.
  void show(const WeightSample& sample, std::chrono::milliseconds time, const std::string& scale = "ws1") {
    for (auto left = time; left.count() > 0; left -= kFrame) {
      clock.advance(kFrame);
      bridge->sample(scale, sample, clock.mono_ms());
    }
  }
  void empty(const std::string& scale = "ws1") { show(frame(0), std::chrono::milliseconds(2'500), scale); }
  /// From an empty scale: the vehicle drives on and stands still.
  void load(std::int64_t kg, const std::string& scale = "ws1") {
    empty(scale);
    auto moving = frame(kg / 2);
    moving.stable = Tri::kNo;
    show(moving, kFrame, scale);
    show(frame(kg), std::chrono::milliseconds(2'000), scale);
  }
  /// Drives on and is captured; for an open ticket where one is named.
  Result<wire::Weighing> weigh(std::int64_t kg, std::optional<std::int64_t> ticket = {}) {
    load(kg);
    CaptureOrder order;
    order.ticket = ticket;
    return bridge->capture(order);
  }
  Result<OpenTicket> start(const std::string& vehicle, const std::string& direction = "Receive",
                           const std::string& declared = "") {
    TicketStart order;
    order.vehicle = vehicle;
    order.direction = direction;
    order.declared_net_kg = declared;
    return bridge->start(order);
  }
  /// Both passes of a vehicle, finished.
  Result<wire::ScaleTicket> ticket(const std::string& vehicle, std::int64_t first, std::int64_t second,
                                   const std::string& direction = "Receive", const std::string& declared = "") {
    const auto open = start(vehicle, direction, declared);
    if (!open) return tl::unexpected(open.error());
    for (const auto kg : {first, second}) {
      if (const auto done = weigh(kg, open->id); !done) return tl::unexpected(done.error());
    }
    return bridge->complete({open->id, "", ""});
  }

  /// Of the store.
  const std::filesystem::path& dir() const { return dir_.path(); }

  FakeClock clock;
  std::unique_ptr<SqliteStore> store;
  WatchedWeighings weighings;
  std::unique_ptr<Weighbridge> bridge;

 private:
  void open() {
    StoreOptions options;
    options.dir = dir_.path();
    options.gateway = "gw-silo-a";
    options.max_bytes = 256 << 20;
    options.min_free = 0;
    store = std::move(SqliteStore::open(options, clock).value());
    weighings.store = store.get();
  }
  TempDir dir_;
  std::vector<ScaleSetup> scales_;
};

}  // namespace edge::test
