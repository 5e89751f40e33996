#include "agent/app.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

#include "agent/adapters/control_socket/commands.h"
#include "agent/adapters/control_socket/control_socket.h"
#include "agent/adapters/local_http/local_http.h"
#include "agent/adapters/local_http/metrics.h"
#include "agent/adapters/log/log.h"
#include "agent/adapters/modbus_source/modbus_source.h"
#include "agent/adapters/notify/notify.h"
#include "agent/adapters/serial_source/serial_source.h"
#include "agent/adapters/system_clock/system_clock.h"
#include "agent/app_intake.h"
#include "agent/app_store.h"
#include "agent/core/ingest.h"
#include "agent/core/reconcile.h"
#include "agent/core/tap.h"
#include "agent/core/weighbridge.h"
#include "agent/settings.h"
#include "agent/signals.h"
#include "agent/status_board.h"
#include "agent/uplink.h"
#include "agent/version.h"

namespace edge {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{500};
constexpr milliseconds kHouseBudget{150};     ///< of each tick, to purge and thin
constexpr milliseconds kUplinkGrace{2'500};   ///< of the stop: for the request under way and one more
constexpr milliseconds kStopDeadline{4'700};  ///< of the stop: then the process ends, whatever hangs
constexpr milliseconds kStatusAge{10'000};    ///< pages may show sums this old
constexpr milliseconds kIdle{60'000};         ///< without a message: time to checkpoint
constexpr std::int64_t kStuckStoreMs = 30'000;
/// How long the uplink may be silent: a step is at most two requests, each tried twice.
std::int64_t longest_step(const Config& config) { return 4 * config.frappe.timeout.count() + 60'000; }
constexpr mode_t kUmask = 0027;  ///< nothing it writes is for everybody
constexpr int kNoAck = 75;       ///< EX_TEMPFAIL: systemd starts us again, the broker sends again

template <class T>
T or_cannot_start(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

Config first_config(const std::filesystem::path& file) {
  auto config = load_config(file);
  if (config) return *std::move(config);
  const auto& all = config.error().detail;
  const auto end = all.find('\n');
  const auto more = end == std::string::npos ? "" : " (and more: edge-agent check-config)";
  throw std::runtime_error(all.substr(0, end) + more);
}

/// The running agent. Members stand in the order of their start; their destructors stop in reverse.
class Agent {
 public:
  explicit Agent(std::filesystem::path file);
  /// The exit code.
  int run();

 private:
  void tick();
  bool is_store_past_use();
  void watch_store(std::int64_t now);
  void stop();
  Result<void> reload();
  bool is_stuck() const;
  void end_at_once(const std::string& why);
  void add_field_sources();
  void stop_field_sources();
  std::vector<SourceStatus> sources() const;
  LocalPage alive_page();
  LocalPage ready_page();
  LocalPage metrics_page();
  std::string answer(std::string_view request);

  const std::filesystem::path file_;
  std::mutex reload_mutex_;
  Config config_;
  const std::string gateway_;  ///< never changes, so any thread may read it
  Secrets secrets_;
  SystemClock clock_;
  Log log_;
  std::unique_ptr<SqliteStore> store_;
  Ingest ingest_;
  Tap tap_;
  Weighbridge weighbridge_;
  FrappeSink sink_;
  PolicyCache policies_;
  Sync sync_;
  EpochKeeper epoch_;
  Reconciler reconciler_;
  StatusBoard board_;
  HeartbeatSender heartbeat_;
  Uplink uplink_;
  AppIntake intake_;
  std::unique_ptr<MqttSource> mqtt_;
  std::vector<std::unique_ptr<Source>> field_;  ///< indicators and buses: they go on in the reserve of a full store
  std::atomic<std::int64_t> store_alive_at_{0}, longest_step_ms_{0};
  ControlSocket control_;
  LocalHttp http_;
  std::thread uplink_thread_;
  std::int64_t messages_ = -1, message_at_ = 0;  ///< of the supervisor
  bool flushed_ = true;
};

Agent::Agent(std::filesystem::path file)
    : file_(std::move(file)),
      config_(first_config(file_)),
      gateway_(config_.gateway.id),
      secrets_(or_cannot_start(read_secrets(config_))),
      log_(config_.log.level, config_.log.format, [this] { return clock_.mono_ms(); }),
      store_(or_cannot_start(open_store(config_, clock_, log_))),
      ingest_(*store_, clock_, ingest_rules(config_)),
      weighbridge_(*store_, *store_, clock_, gateway_, scale_setups(config_)),
      sink_(sink_settings(config_, secrets_)),
      policies_(
          *store_, sink_, clock_, [this](auto book) { ingest_.set_book(std::move(book)); },
          [this](const auto& config) {
            weighbridge_.set_config(config);
            if (config.server_time) sink_.note_time(*config.server_time);
          }),
      sync_(*store_, *store_, sink_, clock_, sync_settings(config_), std::random_device{}()),
      epoch_(*store_, sink_, clock_, gateway_, std::random_device{}()),
      reconciler_(*store_, sink_, *store_, clock_, gateway_, std::random_device{}()),
      board_({gateway_, *store_, *store_, *store_, clock_, sync_, policies_, [this] { return sources(); },
              [this] { return sink_.key_id(); }, *store_, &reconciler_,
              [this] { return sink_.certificate_expires(); }}),
      heartbeat_(sink_, clock_, [this] { return board_.heartbeat_facts(); }),
      uplink_({sync_, policies_, epoch_, heartbeat_, *store_, clock_, &reconciler_,
               [this] { return sink_.wait_for_rate(); }},
              [this](auto kind, auto text) { log_.recurring(kind, text); }),
      intake_(config_, *store_, ingest_, clock_, log_, [this](const Error& error) {
        end_at_once("messages could not be stored, ending: what was acknowledged waits in the journal: " + error.detail);
      }),
      control_([this](auto request) { return answer(request); }),
      http_({{"/healthz", [this] { return alive_page(); }},
             {"/readyz", [this] { return ready_page(); }},
             {"/metrics", [this] { return metrics_page(); }}}) {
  board_.attach(heartbeat_, uplink_);
  longest_step_ms_ = longest_step(config_);
  add_field_sources();
  if (!config_.mqtt.configured()) return;
  mqtt_ = std::make_unique<MqttSource>(
      mqtt_settings(config_, secrets_), intake_.sink(), clock_,
      [this](const Error& error) {
        end_at_once("a message could not be kept, ending without acknowledging it: " + error.detail);
      },
      [this](auto line) { log_.news(line); });
}

void Agent::end_at_once(const std::string& why) {
  log_.error(why);
  log_.flush();
  ::_exit(kNoAck);
}

void Agent::add_field_sources() {
  const auto log = [this](std::string_view line) { log_.news(line); };
  const TapNote tap = [this](std::string_view source, std::string_view bytes, std::string_view what) {
    tap_.note(source, bytes, what, clock_.utc_ms());
  };
  for (auto& settings : serial_settings(config_)) {
    field_.push_back(std::make_unique<SerialSource>(std::move(settings), weighbridge_, clock_, tap, log));
  }
  for (auto& settings : bus_settings(config_)) {
    field_.push_back(std::make_unique<ModbusSource>(std::move(settings), ingest_, weighbridge_, clock_, tap, log));
  }
}

/// All at once: each may wait for the answer of a slow device.
void Agent::stop_field_sources() {
  std::vector<std::thread> stops;
  for (const auto& source : field_) stops.emplace_back([&source] { source->stop(); });
  for (auto& thread : stops) thread.join();
}

/// Pages and the command line answer first, sources start last.
int Agent::run() {
  store_alive_at_ = clock_.mono_ms();
  or_cannot_start(control_.start(config_.gateway.socket));
  or_cannot_start(http_.start(config_.web.host, config_.web.port));
  or_cannot_start(ingest_.warm());
  if (const auto loaded = policies_.load(); !loaded) log_.error("the policies on disk: " + loaded.error().detail);
  uplink_thread_ = std::thread([this] { uplink_.run(); });
  watch_store(clock_.mono_ms());  // nothing is let in before a full store has been told so
  intake_.start();
  if (mqtt_) mqtt_->start();
  for (const auto& source : field_) source->start();
  const auto identity = store_->identity();
  if (!identity.recovery.notice.empty()) log_.warning(identity.recovery.notice + ": it works in an epoch of its own");
  if (identity.reason == "corrupt") log_.error("a damaged database is kept in " + identity.corrupt_kept_in);
  log_.info("edge-agent " + std::string(kVersion) + " runs as " + gateway_ + ", epoch " + identity.epoch);
  notify::ready();
  while (true) {
    const int signal = next_signal(kTick);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) (void)reload();
    tick();
    if (is_store_past_use()) {
      stop();
      return kNoAck;
    }
  }
  stop();
  return 0;
}

/// A new start sets the damaged database aside and puts back what is sound.
bool Agent::is_store_past_use() {
  const auto recovery = store_->identity().recovery;
  if (!recovery.restart_due) return false;
  log_.error("the database is damaged, starting anew to set it aside: " + recovery.damage);
  return true;
}

void Agent::tick() {
  const auto now = clock_.mono_ms();
  watch_store(now);  // waits for the store's mutex: a stuck commit stops the ticks and with them the watchdog
  store_alive_at_ = now;
  if (!is_stuck()) notify::watchdog();
}

void Agent::watch_store(std::int64_t now) {
  store_->keep_house(kHouseBudget);
  if (mqtt_) mqtt_->pause(!store_->accepting());
  const auto messages = counter_sum(store_->counters(), "messages");
  if (messages != messages_) {
    messages_ = messages;
    message_at_ = now;
    flushed_ = false;
  } else if (!flushed_ && now - message_at_ >= kIdle.count()) {
    flushed_ = true;
    const auto done = store_->flush();
    log_.recurring("flush", done ? "" : "the store could not be flushed: " + done.error().detail);
  }
  const auto size = store_->size();
  log_.recurring("disk", size.disk_short ? "the disk is full: sources are paused until there is room" : "");
  log_.recurring("store", size.failure.empty() ? "" : "the store keeps nothing any more: " + size.failure);
}

bool Agent::is_stuck() const {
  const auto now = clock_.mono_ms();
  return now - uplink_.alive_at() > longest_step_ms_.load() || now - store_alive_at_.load() > kStuckStoreMs;
}

void Agent::stop() {
  notify::stopping();
  log_.info("stopping");
  const auto begun = clock_.mono_ms();
  // Every row is committed already: whatever still hangs then may be cut off.
  std::thread([this] {
    std::this_thread::sleep_for(kStopDeadline);
    log_.warning("stopped at the deadline");
    log_.flush();
    ::_exit(0);
  }).detach();
  intake_.release();
  if (mqtt_) mqtt_->stop();
  intake_.stop();
  stop_field_sources();
  const auto flushed = store_->flush();
  if (!flushed) log_.error("the store could not be flushed: " + flushed.error().detail);
  uplink_.stop();
  if (!uplink_.wait_done(kUplinkGrace)) sink_.abort();
  uplink_thread_.join();
  http_.stop();
  control_.stop();
  (void)store_->flush();
  log_.info("stopped after " + std::to_string(clock_.mono_ms() - begun) + " ms");
}

Result<void> Agent::reload() {
  const std::lock_guard lock(reload_mutex_);
  auto fresh = load_config(file_);
  const auto secrets = fresh ? read_secrets(*fresh) : tl::unexpected(fresh.error());
  if (!secrets) {
    log_.error("reload: the old configuration stays: " + secrets.error().detail);
    return tl::unexpected(secrets.error());
  }
  if (keep_fixed_parts(config_, *fresh)) log_.warning("reload: some of the changes need a restart");
  ingest_.set_rules(ingest_rules(*fresh));
  if (mqtt_) mqtt_->resubscribe(subscriptions(*fresh));
  sink_.reconfigure(sink_settings(*fresh, *secrets));
  log_.set_level(fresh->log.level);
  longest_step_ms_ = longest_step(*fresh);
  config_ = *std::move(fresh);
  sync_.poke();
  uplink_.poke();
  log_.info("reloaded " + file_.string());
  return {};
}

std::vector<SourceStatus> Agent::sources() const {
  std::vector<SourceStatus> out;
  if (mqtt_) out.push_back(mqtt_->status());
  for (const auto& source : field_) out.push_back(source->status());
  return out;
}

LocalPage Agent::alive_page() {
  const bool stuck = is_stuck();
  std::vector<HealthReason> reasons;
  if (stuck) reasons.push_back({HealthReason::Weight::kUnhealthy, "stuck", "a thread makes no progress"});
  return {stuck ? 503 : 200, "application/json", health_json(stuck ? "stuck" : "alive", reasons)};
}

LocalPage Agent::ready_page() {
  const auto status = board_.get(kStatusAge);
  if (!status) {
    return {503, "application/json",
            health_json("not_ready", {{HealthReason::Weight::kNotReady, "store", status.error().detail}})};
  }
  const auto& health = status->health;
  return {health.ready ? 200 : 503, "application/json",
          health_json(health.ready ? "ready" : "not_ready", health.reasons)};
}

LocalPage Agent::metrics_page() {
  const auto status = board_.get(kStatusAge);
  if (!status) return {503, "text/plain", "the store does not answer\n"};
  return {200, "text/plain; version=0.0.4; charset=utf-8", render_metrics(*status)};
}

std::string Agent::answer(std::string_view request) {
  const auto poke = [this] {
    sync_.poke();
    uplink_.poke();
  };
  const CommandPorts ports{[this] { return board_.get(milliseconds(0)); },
                           *store_,
                           *store_,
                           poke,
                           [this] { return reload(); },
                           gateway_,
                           store_.get(),
                           store_.get(),
                           weighbridge_.scales().empty() ? nullptr : &weighbridge_,
                           &tap_,
                           store_.get(),
                           &reconciler_,
                           store_.get()};
  return answer_command(request, ports);
}

}  // namespace

int run_agent(const std::filesystem::path& config_file) {
  hold_signals();  // before any thread
  (void)std::signal(SIGPIPE, SIG_IGN);
  ::umask(kUmask);
  std::optional<StartWatch> watch(std::in_place);
  Agent agent(config_file);
  watch.reset();
  return agent.run();
}

}  // namespace edge
