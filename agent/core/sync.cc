#include "agent/core/sync.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "agent/core/backoff.h"
#include "agent/core/batch_ahead.h"
#include "agent/core/batch_rows.h"
#include "agent/core/lane.h"
#include "agent/core/outcomes.h"
#include "agent/core/rejection_watch.h"
#include "agent/core/reply_verdict.h"
#include "protocols/wire/batch.h"
#include "protocols/wire/gateway.h"

namespace edge {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNow{0};
constexpr milliseconds kIdle{100};            ///< until the next look at an empty outbox
constexpr std::size_t kProbeRows = 100;
constexpr std::int64_t kRefusedForMs = 24LL * 3600 * 1000;  ///< then a record refused without envelope is dead

}  // namespace

struct Sync::Body {
  Body(Delivery& delivery_, State& state_, Sink& sink_, const Clock& clock_, SyncSettings settings_, std::uint64_t seed)
      : delivery(delivery_),
        state(state_),
        sink(sink_),
        clock(clock_),
        settings(std::move(settings_)),
        ahead(delivery_),
        backlog(std::clamp<std::size_t>(settings.batch_rows, 1, wire::kBatchRecords)),
        live(backlog.size.rows()),
        turn(settings.live_share),
        backoff(settings.first_backoff, settings.longest_backoff, seed),
        stop_backoff(settings.first_backoff * 5, settings.longest_stop_probe, seed + 1),
        outcome_rules(clock, settings.first_backoff, seed + 2) {
    status.since = clock.utc_ms();
  }

  milliseconds step();
  wire::BatchHead next_head() const;
  /// What goes next, and `lane` says of which lane it is.
  Result<EncodedRows> next_rows(const wire::BatchHead& head);
  milliseconds send(wire::BatchHead head, EncodedRows batch);
  milliseconds on_reply(const ReplyVerdict& verdict, std::span<const PendingRow> rows);
  milliseconds on_results(const ReplyVerdict& verdict, std::span<const PendingRow> rows);
  milliseconds on_not_there(const ReplyVerdict& verdict, std::span<const PendingRow> rows);
  milliseconds on_trouble(const ReplyVerdict& verdict, std::span<const PendingRow> rows);
  milliseconds bisect(const ReplyVerdict& verdict, std::span<const PendingRow> rows);
  milliseconds refuse(const ReplyVerdict& verdict, const PendingRow& row);
  milliseconds stop(const ReplyVerdict& verdict);
  milliseconds wait(milliseconds time, const ReplyVerdict& verdict);
  milliseconds settle(std::span<const Outcome> outcomes);
  void learn(const wire::SubmitAnswer& answer, std::int64_t sent_at);
  void set_state(std::string_view name, std::string_view reason, std::string_view code);
  void begin_anew() {
    backoff.reset();
    stop_backoff.reset();
    next_at = 0;
  }
  bool is_stopped() const { return !stop_code.empty(); }
  std::string announced() const {
    const std::lock_guard lock(mutex);
    return config_version;
  }

  Delivery& delivery;
  State& state;
  Sink& sink;
  const Clock& clock;
  SyncSettings settings;
  BatchAhead ahead;
  Lane backlog, live;
  Lane* lane = &backlog;  ///< of the batch in hand
  LaneTurn turn;
  Backoff backoff, stop_backoff;
  OutcomeRules outcome_rules;
  RejectionWatch watch;
  std::string stop_code;
  std::int64_t next_at = 0;     ///< mono ms
  int refused_in_a_row = 0;     ///< single records, nothing taken in between
  bool config_answers = false;  ///< asked in this bisection, and it answered
  bool on_course = false;       ///< the request in hand went as it should
  std::uint64_t batches = 0;

  mutable std::mutex mutex;  ///< guards what follows
  SyncStatus status;
  bool poked = false;
  std::optional<std::int64_t> offset_ms;
  std::string config_version;
};

Sync::Sync(Delivery& delivery, State& state, Sink& sink, const Clock& clock, SyncSettings settings, std::uint64_t seed)
    : body_(std::make_unique<Body>(delivery, state, sink, clock, std::move(settings), seed)) {}
Sync::~Sync() = default;

milliseconds Sync::step() { return body_->step(); }

void Sync::poke() {
  const std::lock_guard lock(body_->mutex);
  body_->poked = true;
}

SyncStatus Sync::status() const {
  const std::lock_guard lock(body_->mutex);
  return body_->status;
}

std::optional<std::int64_t> Sync::clock_offset_ms() const {
  const std::lock_guard lock(body_->mutex);
  return body_->offset_ms;
}

std::string Sync::announced_config_version() const { return body_->announced(); }

void Sync::Body::set_state(std::string_view name, std::string_view reason, std::string_view code) {
  const std::lock_guard lock(mutex);
  if (status.state != name || status.code != code) status.since = clock.utc_ms();
  status.state = name;
  status.reason = reason;
  status.code = code;
}

milliseconds Sync::Body::step() {
  bool now = false;
  {
    const std::lock_guard lock(mutex);
    now = std::exchange(poked, false);
  }
  if (now) begin_anew();
  const std::int64_t mono = clock.mono_ms();
  if (mono < next_at) return milliseconds{next_at - mono};
  const wire::BatchHead head = next_head();
  auto batch = next_rows(head);
  if (!batch) {
    ReplyVerdict verdict;
    verdict.code = "store";
    verdict.reason = batch.error().detail;
    return wait(backoff.next(), verdict);
  }
  if (!batch->rows.empty()) return send(head, std::move(*batch));
  if (!is_stopped()) set_state("idle", "", "");
  return kIdle;
}

wire::BatchHead Sync::Body::next_head() const {
  const StoreIdentity identity = state.identity();
  return {settings.gateway, identity.epoch, identity.instance, identity.instance + "-" + std::to_string(batches + 1),
          clock.utc_ms()};
}

Result<EncodedRows> Sync::Body::next_rows(const wire::BatchHead& head) {
  const auto encoded = [&head](std::vector<PendingRow> rows) { return encode_rows(std::move(rows), head); };
  const std::int64_t now = clock.utc_ms(), mono = clock.mono_ms();
  // A lane that closes in on a bad record goes on until it is found.
  const bool try_live = live.size.suspects() || (!backlog.size.suspects() && turn.is_live(mono));
  if (!is_stopped() && try_live) {
    auto rows = delivery.pending_live(live.size.rows(), now);
    if (!rows) return tl::unexpected(rows.error());
    if (!rows->empty()) {
      lane = &live;
      turn.live_went(rows->size() >= live.size.rows(), mono);
      if (!rows->front().document.empty()) ahead.drop();  // it may stand among them
      return encoded(std::move(*rows));
    }
  }
  lane = &backlog;
  turn.backlog_went();
  if (auto ready = ahead.take(head.epoch)) return std::move(*ready);
  const std::size_t limit = is_stopped() ? std::min(backlog.size.rows(), kProbeRows) : backlog.size.rows();
  return delivery.pending(limit, now, is_stopped()).map(encoded);
}

milliseconds Sync::Body::send(wire::BatchHead head, EncodedRows batch) {
  const std::span<const PendingRow> rows = batch.rows;
  const bool more = batch.cut || rows.size() >= backlog.size.rows();
  lane->cut_by_bytes = batch.cut;
  ++batches;
  if (!is_stopped()) set_state("sending", "", "");
  const std::int64_t sent_at = head.sent_at = clock.utc_ms();
  const std::string body = wire::encode_batch(head, batch.records);
  batch.records = {};
  if (lane == &backlog && more && !is_stopped() && !backlog.size.suspects()) {
    ahead.begin(rows.back().id, backlog.size.rows(), sent_at, head);
  }
  const Reply reply = sink.submit(body);
  const ReplyVerdict verdict = judge_reply(reply, rows);
  {
    const std::lock_guard lock(mutex);
    ++status.batches;
    if (verdict.kind != ReplyKind::kResults) ++status.retries;
  }
  if (verdict.kind == ReplyKind::kResults) learn(verdict.answer, sent_at);
  on_course = false;
  const milliseconds time = on_reply(verdict, rows);
  on_course ? ahead.wait() : ahead.drop();
  return time;
}

void Sync::Body::learn(const wire::SubmitAnswer& answer, std::int64_t sent_at) {
  const std::int64_t now = clock.utc_ms();
  const std::lock_guard lock(mutex);
  status.last_success_at = now;
  // The server read its clock somewhere between question and answer.
  if (answer.server_time) offset_ms = *answer.server_time - (sent_at + (now - sent_at) / 2);
  if (!answer.config_version.empty()) config_version = answer.config_version;
}

milliseconds Sync::Body::on_reply(const ReplyVerdict& verdict, std::span<const PendingRow> rows) {
  const bool read_by_method = verdict.kind == ReplyKind::kBad || verdict.kind == ReplyKind::kTooLarge;
  // The method has read the request: whoever was turned away before is let in again.
  if (is_stopped() && stop_code != "mass_rejection" && read_by_method) stop_code.clear();
  switch (verdict.kind) {
    case ReplyKind::kResults:
      return on_results(verdict, rows);
    case ReplyKind::kStop:
      return stop(verdict);
    case ReplyKind::kBad:
      return bisect(verdict, rows);
    case ReplyKind::kTooLarge:
      lane->size.too_large(rows.size());
      return rows.size() > 1 && !is_stopped() ? kNow : bisect(verdict, rows);
    case ReplyKind::kSlowDown:
      if (!verdict.by_method) lane->size.halve(rows.size());
      return wait(verdict.retry_after.value_or(backoff.next()), verdict);
    case ReplyKind::kNotReady:
      return wait(verdict.retry_after.value_or(backoff.next()), verdict);
    case ReplyKind::kNotThere:
      return on_not_there(verdict, rows);
    case ReplyKind::kTrouble:
      break;
  }
  return on_trouble(verdict, rows);
}

milliseconds Sync::Body::on_results(const ReplyVerdict& verdict, std::span<const PendingRow> rows) {
  const auto& results = verdict.answer.results;
  const std::int64_t mono = clock.mono_ms();
  const auto taken = std::ranges::count_if(results, is_taken);
  const auto retries = std::ranges::count_if(results, is_retry);
  bool keep_rejected = is_stopped();  // what a probe is refused stays pending
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (is_retry(results[i])) continue;  // no word on the record yet
    watch.add(mono, rows[i].observation.site, rows[i].observation.device,
              is_taken(results[i]) ? std::string() : code_of(results[i]));
  }
  ReplyVerdict mass;
  mass.code = "mass_rejection";
  if (const auto code = watch.tripped(mono); code && !is_stopped()) {
    mass.reason = "the server rejects most records with " + *code + ": nothing was set aside, they wait here";
    keep_rejected = true;
  } else if (stop_code == "mass_rejection" && taken * 2 < static_cast<std::ptrdiff_t>(results.size())) {
    mass.reason = "the server still rejects most records";
  }
  std::vector<Outcome> outcomes;
  outcomes.reserve(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const bool rejected = !is_taken(results[i]) && !is_retry(results[i]);
    if (!rejected || !keep_rejected) outcomes.push_back(outcome_rules.of(results[i], rows[i]));
  }
  const auto settled = settle(outcomes);
  if (settled != kNow) return settled;
  if (!mass.reason.empty()) return stop(mass);
  const std::string stopped_by = std::exchange(stop_code, {});
  if (stopped_by == "mass_rejection") watch.clear();
  if (taken > 0) refused_in_a_row = 0;
  const bool more = lane->size.succeeded(rows.size()) || lane->cut_by_bytes || !stopped_by.empty();
  if (!lane->size.suspects()) config_answers = false;
  if (retries * 2 > static_cast<std::ptrdiff_t>(results.size())) {
    ReplyVerdict busy;
    busy.code = "retry";
    busy.reason = "the server asks for most records again later";
    return wait(backoff.next(), busy);
  }
  begin_anew();
  on_course = true;
  set_state("sending", "", "");
  return more || lane == &live ? kNow : kIdle;  // beside a live lane there is a backlog
}

/// kNow once it is done.
milliseconds Sync::Body::settle(std::span<const Outcome> outcomes) {
  if (outcomes.empty()) return kNow;
  if (auto settled = delivery.settle(outcomes, clock.utc_ms()); !settled) {
    // The server has them, the store does not know: they go again and come back as duplicates.
    ReplyVerdict verdict;
    verdict.code = "store";
    verdict.reason = settled.error().detail;
    return std::max(wait(backoff.next(), verdict), milliseconds{1});
  }
  return kNow;
}

milliseconds Sync::Body::on_not_there(const ReplyVerdict& verdict, std::span<const PendingRow> rows) {
  if (config_answers && !is_stopped()) return bisect(verdict, rows);
  const Reply reply = sink.config(announced());
  const ReplyVerdict config = judge_reply(reply, {});
  if (config.kind == ReplyKind::kStop) return stop(config);
  if (config.kind == ReplyKind::kNotThere) {
    ReplyVerdict absent = config;
    absent.code = "app_not_installed";
    absent.reason = "the site answers, but the app frappe_ext is not installed there (" + config.reason + ")";
    return stop(absent);
  }
  if (reply.http != 200 || !reply.failure.empty() || !wire::parse_config(reply.body)) return on_trouble(config, rows);
  config_answers = true;
  if (stop_code == "app_not_installed") stop_code.clear();
  return bisect(verdict, rows);
}

// Nobody spoke of the records: the same uids again, fewer of them, later.
milliseconds Sync::Body::on_trouble(const ReplyVerdict& verdict, std::span<const PendingRow> rows) {
  lane->size.halve(rows.size());
  const milliseconds time = verdict.retry_after.value_or(backoff.next());
  if (rows.size() == 1 && !is_stopped() && verdict.code.starts_with("http_")) {
    // Alone and still answered with an error: perhaps this record brings the worker down. Others get their turn.
    Outcome aside = outcome_rules.later(rows.front(), verdict);
    if (const auto settled = settle({&aside, 1}); settled != kNow) return settled;
  }
  return wait(time, verdict);
}

milliseconds Sync::Body::bisect(const ReplyVerdict& verdict, std::span<const PendingRow> rows) {
  if (is_stopped()) {  // the probe shrinks, the stop stays what it was
    lane->size.halve(rows.size());
    return wait(kNow, verdict);
  }
  if (rows.size() == 1) return refuse(verdict, rows.front());
  lane->size.suspect(rows.size());
  set_state("sending", verdict.reason, verdict.code);
  return kNow;
}

milliseconds Sync::Body::refuse(const ReplyVerdict& verdict, const PendingRow& row) {
  Outcome outcome = outcome_rules.later(row, verdict);
  outcome.refused = true;
  const bool by_name = verdict.kind == ReplyKind::kBad;
  const bool for_a_day = row.first_refused_at != 0 && clock.utc_ms() - row.first_refused_at >= kRefusedForMs;
  if (by_name) watch.add(clock.mono_ms(), row.observation.site, row.observation.device, verdict.code);
  if (const auto code = by_name ? watch.tripped(clock.mono_ms()) : std::nullopt; code) {
    ReplyVerdict mass;
    mass.code = "mass_rejection";
    mass.reason = "the server refuses most records with " + *code + ": they wait here";
    return stop(mass);
  }
  if (by_name || for_a_day) {
    outcome.kind = Outcome::Kind::kDead;
    outcome.status = "refused";
  }
  if (const auto settled = settle({&outcome, 1}); settled != kNow) return settled;
  lane->size.found();
  config_answers = false;
  ++refused_in_a_row;
  if (refused_in_a_row == 1) return kNow;
  // One after the other is refused: something stands in the way of all of them. No hammering.
  lane->size.only_one();
  return wait(backoff.roll(refused_in_a_row - 2), verdict);
}

milliseconds Sync::Body::stop(const ReplyVerdict& verdict) {
  if (!is_stopped()) lane->size.found();  // a probe is as large as it may be
  stop_code = verdict.code;
  const milliseconds time = stop_backoff.next();
  next_at = clock.mono_ms() + time.count();
  set_state("stopped", verdict.reason, verdict.code);
  return time;
}

milliseconds Sync::Body::wait(milliseconds time, const ReplyVerdict& verdict) {
  if (is_stopped()) {
    time = std::max(time, stop_backoff.next());
  } else {
    set_state("waiting", verdict.reason, verdict.code);
  }
  next_at = clock.mono_ms() + time.count();
  return time;
}

}  // namespace edge
