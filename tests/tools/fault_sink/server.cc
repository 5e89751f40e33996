#include "tests/tools/fault_sink/server.h"

#include <httplib.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "tests/tools/fault_sink/tally.h"

namespace edge::sink {
namespace {

using httplib::Request;
using httplib::Response;

constexpr const char* kJson = "application/json";
constexpr int kThreads = 8;  // one a kept connection

std::int64_t utc_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Whom the next batch ends.
class Trap {
 public:
  struct Aim {
    int pid = 0;
    bool after = false;
    std::chrono::microseconds delay{0};
  };
  void set(Aim aim) {
    const std::lock_guard lock(mutex_);
    aim_ = aim;
  }
  std::optional<Aim> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(aim_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::optional<Aim> aim_;
};

const char* text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kStored:
      return "stored";
    case Verdict::kDuplicate:
      return "duplicate";
    case Verdict::kConflict:
      break;
  }
  return "conflict";
}

std::string answer_of(std::string_view results) {
  return R"({"message":{"batch_id":"","server_time":)" + std::to_string(utc_ms()) + R"(,"results":[)" +
         std::string(results) + "]}}";
}

std::string results_of(const std::vector<Record>& records, const std::vector<Verdict>& verdicts) {
  std::string out;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i > 0) out += ',';
    out.append(R"({"uid":")").append(records[i].uid).append(R"(","status":")").append(text_of(verdicts[i]));
    out.append(R"(","name":"n"})");
  }
  return out;
}

/// The batch as it was before gzip, handed to `take`; refused where it cannot be read.
template <class Take>
void submit_to(const Request& request, Response& response, const Take& take) {
  if (!request.get_header_value("Content-Type").ends_with("+gzip")) {
    return response.set_content(answer_of(take(request.body)), kJson);
  }
  if (const auto inflated = inflate_batch(request.body)) {
    return response.set_content(answer_of(take(*inflated)), kJson);
  }
  response.status = 400;
  response.set_content(R"({"message":{"code":"malformed","detail":"no gzip"}})", kJson);
}

void submit(const Request& request, Response& response, Ledger& ledger, Trap& trap) {
  const auto aim = trap.take();
  if (aim && !aim->after) ::kill(aim->pid, SIGKILL);
  submit_to(request, response, [&](std::string_view batch) {
    const auto records = records_of(batch);
    return results_of(records, ledger.take(records));
  });
  if (!aim || !aim->after) return;
  std::thread([aim] {
    std::this_thread::sleep_for(aim->delay);
    ::kill(aim->pid, SIGKILL);
  }).detach();
}

void show_counts(Response& response, const Counts& counts) {
  response.set_content(nlohmann::json{{"batches", counts.batches},
                                      {"records", counts.records},
                                      {"stored", counts.stored},
                                      {"duplicates", counts.duplicates},
                                      {"conflicts", counts.conflicts},
                                      {"contents", counts.contents}}
                           .dump(),
                       kJson);
}

void add_gateway_methods(httplib::Server& server, const Options& options) {
  const std::string api = "/api/method/frappe_ext.api.gateway.";
  std::ifstream in(options.config);
  const std::string config{std::istreambuf_iterator<char>(in), {}};
  server.Get(api + "config", [config](const Request&, Response& response) {
    if (config.empty()) response.status = 503;
    response.set_content(config.empty() ? R"({"message":{"code":"not_ready"}})" : R"({"message":)" + config + '}',
                         kJson);
  });
  server.Post(api + "heartbeat", [](const Request&, Response& response) {
    response.set_content(R"({"message":{"server_time":)" + std::to_string(utc_ms()) + "}}", kJson);
  });
  server.Post(api + "new_epoch", [](const Request& request, Response& response) {
    const auto asked = nlohmann::json::parse(request.body, nullptr, false);
    const auto last = asked.is_object() ? asked.value("last_epoch", nlohmann::json()) : nlohmann::json();
    const auto epoch = last.is_string() ? std::atoll(last.get<std::string>().c_str()) + 1 : 1;
    response.set_content(R"({"message":{"epoch":")" + std::to_string(epoch) + "\"}}", kJson);
  });
}

constexpr const char* kSubmit = "/api/method/frappe_ext.api.ingest.submit";

void add_ledger(httplib::Server& server, Ledger& ledger, Trap& trap) {
  server.Post(kSubmit, [&](const Request& request, Response& response) { submit(request, response, ledger, trap); });
  server.Get("/_counts", [&](const Request&, Response& response) { show_counts(response, ledger.counts()); });
  server.Post("/_kill", [&](const Request& request, Response& response) {
    const auto number = [&](const char* key) { return std::atoi(request.get_param_value(key).c_str()); };
    trap.set({number("pid"), request.get_param_value("when") == "after", std::chrono::microseconds(number("delay_us"))});
    response.set_content("{}", kJson);
  });
}

void add_tally(httplib::Server& server, Tally& tally) {
  server.Post(kSubmit, [&](const Request& request, Response& response) {
    const auto now = utc_ms();
    submit_to(request, response, [&](std::string_view batch) { return tally.take(batch, now); });
  });
  server.Get("/stats", [&](const Request&, Response& response) {
    response.set_content('{' + tally.stats() + '}', kJson);
  });
  server.Post("/live", [&](const Request&, Response& response) {
    tally.start_live(utc_ms());
    response.set_content("{}", kJson);
  });
  server.Post("/count", [&](const Request& request, Response& response) {
    tally.count(request.body, '"' + request.get_param_value("of") + "\":", utc_ms());
    response.set_content("{}", kJson);
  });
}

}  // namespace

bool serve(const Options& options) {
  Ledger ledger(options.ledger);
  Trap trap;
  Tally tally(options.latency);
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };  // owned by the server
  server.set_keep_alive_max_count(~std::size_t{0});
  server.set_keep_alive_timeout(3600);
  server.set_tcp_nodelay(true);
  if (options.count_only) {
    add_tally(server, tally);
  } else {
    add_ledger(server, ledger, trap);
  }
  add_gateway_methods(server, options);
  const std::string host = "127.0.0.1";
  const int port = options.port == 0 ? server.bind_to_any_port(host)
                                     : (server.bind_to_port(host, options.port) ? options.port : -1);
  if (port <= 0) return false;
  std::printf("%d\n", port);
  std::fflush(stdout);
  // httplib's stop() waits for kept connections. What was answered stands in the ledger.
  std::signal(SIGTERM, [](int) { ::_exit(0); });
  return server.listen_after_bind();
}

}  // namespace edge::sink
