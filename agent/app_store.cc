#include "agent/app_store.h"

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "agent/adapters/control_socket/control_socket.h"
#include "agent/adapters/local_http/local_http.h"
#include "agent/adapters/local_http/metrics.h"
#include "agent/adapters/notify/notify.h"
#include "agent/settings.h"

namespace edge {
namespace {

constexpr std::chrono::seconds kBetweenTries{1};
constexpr std::string_view kFull =
    "the disk is full: make room on it and the agent goes on by itself; until then it takes nothing in and sends nothing";

LocalPage page(int status, std::string_view word) {
  const HealthReason why{HealthReason::Weight::kNotReady, "disk_full", std::string(kFull)};
  return {status, "application/json", health_json(word, {why})};
}

/// What answers in the place of an agent that waits for room.
class Stand {
 public:
  Stand()
      : control_([](auto) { return R"({"ok":false,"error":")" + std::string(kFull) + "\"}"; }),
        http_({{"/healthz", [] { return page(200, "alive"); }}, {"/readyz", [] { return page(503, "not_ready"); }}}) {}

  Result<void> start(const Config& config) {
    if (auto listens = control_.start(config.gateway.socket); !listens) return listens;
    const auto port = http_.start(config.web.host, config.web.port);
    return port ? Result<void>{} : tl::unexpected(port.error());
  }

 private:
  ControlSocket control_;
  LocalHttp http_;
};

}  // namespace

Result<std::unique_ptr<SqliteStore>> open_store(const Config& config, const Clock& clock, Log& log) {
  const auto is_full = [](const auto& store) { return !store && store.error().code == Errc::kFull; };
  const StoreOptions options = store_options(config);
  auto store = SqliteStore::open(options, clock);
  if (!is_full(store)) return store;
  log.error(std::string(kFull) + " (" + store.error().detail + ")");
  Stand stand;
  if (auto started = stand.start(config); !started) return tl::unexpected(started.error());
  notify::ready();
  notify::status("waiting for room on the disk");
  while (is_full(store)) {
    std::this_thread::sleep_for(kBetweenTries);
    notify::watchdog();
    store = SqliteStore::open(options, clock);
  }
  notify::status("");
  if (store) log.info("there is room on the disk again");
  return store;
}

}  // namespace edge
