#include "tests/tools/fault_sink/server.h"

#include <httplib.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

namespace edge::sink {
namespace {

using httplib::Request;
using httplib::Response;

constexpr const char* kJson = "application/json";
httplib::Server* running = nullptr;

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

std::string answer_of(const std::vector<Record>& records, const std::vector<Verdict>& verdicts) {
  std::string out = R"({"message":{"batch_id":"","server_time":)" + std::to_string(utc_ms()) + R"(,"results":[)";
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i > 0) out += ',';
    out.append(R"({"uid":")").append(records[i].uid).append(R"(","status":")").append(text_of(verdicts[i]));
    out.append(R"(","name":"n"})");
  }
  return out + "]}}";
}

void submit(const Request& request, Response& response, Ledger& ledger, Trap& trap) {
  const auto aim = trap.take();
  if (aim && !aim->after) ::kill(aim->pid, SIGKILL);
  std::optional<std::string> inflated;
  if (request.get_header_value("Content-Type").ends_with("+gzip")) {
    inflated = inflate_batch(request.body);
    if (!inflated) {
      response.status = 400;
      return response.set_content(R"({"message":{"code":"malformed","detail":"no gzip"}})", kJson);
    }
  }
  const auto records = records_of(inflated ? *inflated : request.body);
  response.set_content(answer_of(records, ledger.take(records)), kJson);
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

}  // namespace

bool serve(const Options& options) {
  Ledger ledger(options.ledger);
  Trap trap;
  httplib::Server server;
  server.set_keep_alive_max_count(1'000'000'000);
  server.set_tcp_nodelay(true);
  server.Post("/api/method/frappe_ext.api.ingest.submit", [&](const Request& request, Response& response) {
    submit(request, response, ledger, trap);
  });
  add_gateway_methods(server, options);
  server.Get("/_counts", [&](const Request&, Response& response) { show_counts(response, ledger.counts()); });
  server.Post("/_kill", [&](const Request& request, Response& response) {
    const auto number = [&](const char* key) { return std::atoi(request.get_param_value(key).c_str()); };
    trap.set({number("pid"), request.get_param_value("when") == "after", std::chrono::microseconds(number("delay_us"))});
    response.set_content("{}", kJson);
  });
  running = &server;
  std::signal(SIGTERM, [](int) { running->stop(); });
  return server.listen("127.0.0.1", options.port);
}

}  // namespace edge::sink
