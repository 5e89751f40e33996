#include "agent/adapters/local_http/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "protocols/bytes.h"

namespace edge {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Families {
 public:
  void counter(const std::string& name, const std::string& help, std::int64_t value, const Labels& labels = {}) {
    prometheus::ClientMetric metric = labelled(labels);
    metric.counter.value = static_cast<double>(value);
    family(name, help, prometheus::MetricType::Counter).metric.push_back(std::move(metric));
  }
  void gauge(const std::string& name, const std::string& help, double value, const Labels& labels = {}) {
    prometheus::ClientMetric metric = labelled(labels);
    metric.gauge.value = value;
    family(name, help, prometheus::MetricType::Gauge).metric.push_back(std::move(metric));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

 private:
  static prometheus::ClientMetric labelled(const Labels& labels) {
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    return metric;
  }
  prometheus::MetricFamily& family(const std::string& name, const std::string& help, prometheus::MetricType type) {
    for (auto& known : all_) {
      if (known.name == name) return known;
    }
    prometheus::MetricFamily fresh;
    fresh.name = name;
    fresh.help = help;
    fresh.type = type;
    all_.push_back(std::move(fresh));
    return all_.back();
  }
  std::vector<prometheus::MetricFamily> all_;
};

constexpr double kMs = 1'000.0;

void add_conservation(const AgentStatus& status, Families& out) {
  const auto& counters = status.facts.audit.counters;
  const auto& totals = status.facts.audit.totals;
  const auto& sums = status.health.conservation;
  out.counter("edge_messages_total", "Messages taken from the sources.", sums.messages);
  const std::string what = "Messages by what became of them; they add up to edge_messages_total.";
  for (const auto* outcome : {"decoded", "undecodable", "duplicate", "ignored"}) {
    out.counter("edge_messages_outcome_total", what, counter_sum(counters, outcome), {{"outcome", outcome}});
  }
  out.counter("edge_readings_total", "Readings found in the messages.", sums.readings);
  out.counter("edge_readings_sent_total", "Readings the server has.", totals.sent);
  out.counter("edge_readings_duplicate_total", "Readings known already.", counter_sum(counters, "readings.duplicate"));
  out.gauge("edge_readings_folded", "Readings that stand in the count of another row.",
            static_cast<double>(counter_sum(counters, "folded")));
  for (const auto* reason : {"ok", "invalid", "warning", "folded", "dead_letter"}) {
    out.counter("edge_readings_thinned_total", "Readings that went to make room; gap records name them.",
                counter_sum(counters, std::string("thinned.") + reason), {{"reason", reason}});
  }
  out.counter("edge_readings_suppressed_total", "Readings a policy keeps back.", counter_sum(counters, "suppressed"));
  out.gauge("edge_readings_pending", "Readings that wait for the server.", static_cast<double>(totals.pending));
  out.gauge("edge_backlog_rows", "Of them, rows that newer ones go ahead of; 0 = all go in order.",
            static_cast<double>(totals.backlog));
  out.gauge("edge_dead_letters", "Readings the server refused.", static_cast<double>(totals.dead));
  out.gauge("edge_conservation_holds", "1 while every message and reading is accounted for.", sums.holds() ? 1 : 0);
}

void add_sync(const AgentStatus& status, Families& out) {
  const auto& facts = status.facts;
  for (const auto* state : {"idle", "sending", "waiting", "stopped"}) {
    out.gauge("edge_sync_state", "1 for the state delivery is in.", facts.sync.state == state ? 1 : 0,
              {{"state", state}});
  }
  out.counter("edge_sync_batches_total", "Batches answered by the server.", facts.sync.batches);
  out.counter("edge_sync_retries_total", "Requests that had to be sent again.", facts.sync.retries);
  out.gauge("edge_sync_last_success_timestamp_seconds", "When the server last accepted a batch; 0 = never.",
            static_cast<double>(facts.sync.last_success_at) / kMs);
  if (facts.certificate_expires) {
    out.gauge("edge_peer_certificate_expires_timestamp_seconds", "When the server's certificate ends.",
              static_cast<double>(*facts.certificate_expires) / kMs);
  }
  out.gauge("edge_server_lacks", "Records the server took once and says it does not have.",
            static_cast<double>(facts.server_lacks));
  const auto& oldest = facts.audit.totals.oldest_pending_at;
  out.gauge("edge_oldest_pending_age_seconds", "Age of the oldest reading that waits.",
            oldest ? static_cast<double>(facts.now - *oldest) / kMs : 0);
}

void add_store(const AgentStatus& status, Families& out) {
  const auto& size = status.facts.size;
  out.gauge("edge_store_bytes", "Bytes of the store: database, WAL, ballast.", static_cast<double>(size.bytes));
  out.gauge("edge_store_used_bytes", "Bytes of the store in use.", static_cast<double>(size.used_bytes));
  out.gauge("edge_store_max_bytes", "Most bytes the store may take.", static_cast<double>(size.max_bytes));
  out.gauge("edge_store_rows", "Rows kept, sent ones included.", static_cast<double>(size.rows));
  out.gauge("edge_store_accepting", "1 while the store takes readings.", status.facts.accepting ? 1 : 0);
  out.gauge("edge_disk_free_bytes", "Free bytes of the file system.", static_cast<double>(size.free_bytes));
  if (status.horizon_days) {
    out.gauge("edge_horizon_days", "Days without the server until readings are thinned, at today's rate.",
              *status.horizon_days);
  }
}

}  // namespace

std::string render_metrics(const AgentStatus& status) {
  Families out;
  out.gauge("edge_info", "Version and gateway.", 1,
            {{"version", status.version}, {"gateway", status.gateway}, {"epoch", status.facts.identity.epoch}});
  out.gauge("edge_uptime_seconds", "Since the agent started.", static_cast<double>(status.uptime_s));
  out.gauge("edge_healthy", "1 while the agent's word can be trusted.", status.health.healthy ? 1 : 0);
  out.gauge("edge_ready", "1 while readings get in.", status.health.ready ? 1 : 0);
  out.gauge("edge_clock_synced", "1 while the kernel's clock is synchronised.",
            status.facts.clock == ClockState::kSynced ? 1 : 0);
  add_conservation(status, out);
  add_sync(status, out);
  add_store(status, out);
  for (const auto& source : status.facts.sources) {
    out.gauge("edge_source_up", "1 while the source brings readings.", source.state == "up" ? 1 : 0,
              {{"source", source.name}});
  }
  return out.text();
}

std::string health_json(std::string_view verdict, const std::vector<HealthReason>& reasons) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& reason : reasons) list.push_back({{"code", reason.code}, {"text", one_line(reason.text, 300)}});
  const nlohmann::ordered_json out = {{"status", verdict}, {"reasons", std::move(list)}};
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace edge
