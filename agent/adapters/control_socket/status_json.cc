#include "agent/adapters/control_socket/status_json.h"

#include <nlohmann/json.hpp>

#include "protocols/record/observation.h"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// A moment or null where it never came.
Json moment(std::int64_t at) { return at == 0 ? Json(nullptr) : Json(at); }

std::string_view weight_name(HealthReason::Weight weight) {
  switch (weight) {
    case HealthReason::Weight::kUnhealthy:
      return "unhealthy";
    case HealthReason::Weight::kNotReady:
      return "not_ready";
    case HealthReason::Weight::kNote:
      break;
  }
  return "note";
}

Json sync_json(const SyncStatus& sync) {
  return {{"state", sync.state},
          {"reason", sync.reason},
          {"code", sync.code},
          {"since", moment(sync.since)},
          {"last_success_at", moment(sync.last_success_at)},
          {"batches", sync.batches},
          {"retries", sync.retries}};
}

Json store_json(const HealthFacts& facts) {
  const auto& size = facts.size;
  const auto& recovery = facts.identity.recovery;
  return {{"bytes", size.bytes},
          {"used_bytes", size.used_bytes},
          {"max_bytes", size.max_bytes},
          {"free_bytes", size.free_bytes},
          {"disk_used_pct", size.disk_used_pct},
          {"rows", size.rows},
          {"room_bytes", size.room_bytes},
          {"accepting", facts.accepting},
          {"failure", size.failure},
          {"corrupt_at", moment(facts.identity.corrupt_at)},
          {"corrupt_kept_in", facts.identity.corrupt_kept_in},
          {"recovery",
           {{"damage", recovery.damage},
            {"salvaging", recovery.salvaging},
            {"put_back", recovery.put_back},
            {"lost", recovery.lost},
            {"unknown_end", recovery.unknown_end},
            {"notice", recovery.notice}}}};
}

Json conservation_json(const AgentStatus& status) {
  const auto& sums = status.health.conservation;
  const auto& counters = status.facts.audit.counters;
  const auto& totals = status.facts.audit.totals;
  Json parts = {{"messages",
                 {{"total", sums.messages},
                  {"decoded", counter_sum(counters, "decoded")},
                  {"undecodable", counter_sum(counters, "undecodable")},
                  {"duplicate", counter_sum(counters, "duplicate")},
                  {"ignored", counter_sum(counters, "ignored")}}},
                {"readings",
                 {{"total", sums.readings},
                  {"sent", totals.sent},
                  {"pending", totals.pending},
                  {"dead_letter", totals.dead},
                  {"duplicate", counter_sum(counters, "readings.duplicate")},
                  {"folded", counter_sum(counters, "folded")},
                  {"thinned", counter_sum(counters, "thinned")},
                  {"suppressed", counter_sum(counters, "suppressed")}}},
                {"adds_up", sums.holds()}};
  return parts;
}

}  // namespace

Json status_json(const AgentStatus& status) {
  const auto& facts = status.facts;
  const auto& totals = facts.audit.totals;
  Json sources = Json::array();
  for (const auto& source : facts.sources) {
    sources.push_back(
        {{"name", source.name}, {"state", source.state}, {"since", moment(source.since)}, {"error", source.error}});
  }
  Json reasons = Json::array();
  for (const auto& reason : status.health.reasons) {
    reasons.push_back({{"weight", weight_name(reason.weight)}, {"code", reason.code}, {"text", reason.text}});
  }
  return {{"running", status.running},
          {"version", status.version},
          {"gateway", status.gateway},
          {"uptime_s", status.uptime_s},
          {"at", facts.now},
          {"clock", to_text(facts.clock)},
          {"epoch", facts.identity.epoch},
          {"provisional", facts.identity.provisional},
          {"epoch_error", status.epoch_error},
          {"instance", facts.identity.instance},
          {"healthy", status.health.healthy},
          {"ready", status.health.ready},
          {"reasons", std::move(reasons)},
          {"sync", sync_json(facts.sync)},
          {"certificate_expires", or_null(facts.certificate_expires)},
          {"server_lacks", facts.server_lacks},
          {"pending", totals.pending},
          {"backlog", totals.backlog},
          {"oldest_pending_at", or_null(totals.oldest_pending_at)},
          {"dead_letters", totals.dead},
          {"last_seq", totals.last_seq},
          {"conservation", conservation_json(status)},
          {"counters", facts.audit.counters},
          {"sources", std::move(sources)},
          {"store", store_json(facts)},
          {"horizon_days", or_null(status.horizon_days)},
          {"policy",
           {{"version", status.policy.version},
            {"pulled_at", moment(status.policy.pulled_at)},
            {"last_error", status.policy.last_error}}}};
}

}  // namespace edge
