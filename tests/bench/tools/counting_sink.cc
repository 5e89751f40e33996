#include <httplib.h>
#include <unistd.h>
#include <zlib.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include "tests/bench/tools/sink_rows.h"

namespace edge::bench {
namespace {

constexpr std::string_view kMethods = "/api/method/frappe_ext.api.";
constexpr const char* kJson = "application/json";
constexpr int kThreads = 8;  // one a kept connection
constexpr const char* kFooter = R"(Answers ingest.submit, gateway.config, heartbeat and new_epoch whatever the key.
GET /stats: what arrived, as JSON. POST /live: rows received from now on are live; their latencies start anew.
POST /count?of=KEY: of other programs: a row for each "KEY": of the body.
POST /fail?every=N&how=503|lost: as --fail and --how; every=0 ends it.
--rows: one line a record: uid seq kind device raw_sha256, written before the answer.
First line on stdout: the port.)";

struct Options {
  int port = 0;
  int delay_ms = 0;
  int fail_every = 0;
  std::string how = "503";
  std::string gateway = "gw-test", site = "silo-a", epoch = "1";
  int devices = 50;
  RowOptions rows;
};

std::int64_t utc_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::optional<std::string> gunzip(const std::string& packed) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return std::nullopt;
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());  // wire.md §3: a batch has 1,000,000 bytes at most
  const int code = inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  if (code != Z_STREAM_END) return std::nullopt;
  return out;
}

/// dev1…devN, and one policy: what a message of the benchmark is judged by.
std::string config_of(const Options& o) {
  std::string devices;
  for (int n = 1; n <= o.devices; ++n) {
    devices += (n > 1 ? ",{\"site\":\"" : "{\"site\":\"") + o.site + R"(","device":"dev)" + std::to_string(n) +
               R"(","device_type":"Temperature Sensor","status":"Active"})";
  }
  return R"({"message":{"version":"bench-1","server_time":)" + std::to_string(utc_ms()) + R"(,"gateway":")" +
         o.gateway + R"(","epoch":")" + o.epoch + R"(","time_zone":"UTC","sites":[{"site":")" + o.site +
         R"(","name":"Bench"}],"devices":[)" + devices + R"(],"policies":[{"name":"Bench","version":"1771500000000",)" +
         R"("site":")" + o.site + R"(","type":"temperature","unit":"C","warning":["10","30"],"critical":["5","35"],)" +
         R"("valid":["-40","85"]}],"tolerances":[],"reporting":[],"orders":[],"vehicles":[],"operators":[],"lots":[]}})";
}

class CountingSink {
 public:
  explicit CountingSink(Options options)
      : options_(std::move(options)), rows_(options_.rows), fail_every_(options_.fail_every) {
    lose_ = options_.how == "lost";
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };  // owned by the server
    server_.set_tcp_nodelay(true);
    server_.set_keep_alive_max_count(~std::size_t{0});
    server_.set_keep_alive_timeout(3600);
    const std::string methods(kMethods);
    server_.Post(methods + "ingest.submit", [this](const auto& request, auto& response) { submit(request, response); });
    server_.Post(methods + "gateway.heartbeat", [this](const auto&, auto& response) {
      ++heartbeats_;
      answer(response, "\"config_version\":\"bench-1\"");
    });
    server_.Post(methods + "gateway.new_epoch", [this](const auto&, auto& response) {
      ++new_epochs_;
      response.set_content(R"({"message":{"epoch":")" + options_.epoch + "\"}}", kJson);
    });
    server_.Get(methods + "gateway.config", [this](const auto&, auto& response) {
      ++configs_;
      response.set_content(config_of(options_), kJson);
    });
    server_.Get("/stats", [this](const auto&, auto& response) { response.set_content(stats(), kJson); });
    server_.Post("/count", [this](const auto& request, auto& response) {
      rows_.count(request.body, '"' + request.get_param_value("of") + "\":", utc_ms());
      response.set_content("{}", kJson);
    });
    server_.Post("/live", [this](const auto&, auto& response) {
      rows_.start_live(utc_ms());
      response.set_content("{}", kJson);
    });
    server_.Post("/fail", [this](const auto& request, auto& response) {
      lose_ = request.get_param_value("how") == "lost";
      fail_every_ = std::atoi(request.get_param_value("every").c_str());
      response.set_content("{}", kJson);
    });
  }

  /// For ever; false where the port is taken.
  bool run() {
    const char* const host = "127.0.0.1";
    const int port = options_.port == 0 ? server_.bind_to_any_port(host)
                                        : (server_.bind_to_port(host, options_.port) ? options_.port : -1);
    if (port <= 0) return false;
    std::printf("%d\n", port);
    std::fflush(stdout);
    return server_.listen_after_bind();
  }

 private:
  static void answer(httplib::Response& response, std::string_view members) {
    response.set_content(R"({"message":{"server_time":)" + std::to_string(utc_ms()) + "," + std::string(members) + "}}",
                         kJson);
  }

  void submit(const httplib::Request& request, httplib::Response& response) {
    const std::int64_t now = utc_ms();
    const std::uint64_t number = ++submits_;
    const int every = fail_every_;
    const bool fails = every > 0 && number % static_cast<std::uint64_t>(every) == 0;
    if (options_.delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(options_.delay_ms));
    if (fails) ++failed_;
    if (fails && !lose_) {
      response.status = 503;
      return;
    }
    std::optional<std::string> plain;
    if (request.get_header_value("Content-Type").find("gzip") != std::string::npos) {
      plain = gunzip(request.body);
      if (!plain) {
        response.status = 400;
        return;
      }
    }
    const std::string results = rows_.take(plain ? *plain : request.body, now);
    if (fails) {  // stored, and the answer does not say so
      response.status = 502;
      return;
    }
    answer(response, "\"batch_id\":\"\",\"config_version\":\"bench-1\",\"results\":[" + results + "]");
  }

  std::string stats() {
    const auto count = [](const char* key, std::uint64_t value) {
      return std::string(",\"") + key + "\":" + std::to_string(value);
    };
    return "{" + rows_.stats() + count("submits", submits_) + count("failed", failed_) + count("configs", configs_) +
           count("heartbeats", heartbeats_) + count("new_epochs", new_epochs_) + "}";
  }

  Options options_;
  SinkRows rows_;
  httplib::Server server_;
  std::atomic<int> fail_every_;
  std::atomic<bool> lose_{false};
  std::atomic<std::uint64_t> submits_{0}, failed_{0}, configs_{0}, heartbeats_{0}, new_epochs_{0};
};

Options parse(int argc, char** argv) {
  Options o;
  CLI::App app("A server for edge-agent that costs nearly nothing: it counts.", "counting-sink");
  app.footer(kFooter);
  app.add_option("--port", o.port, "Port on 127.0.0.1; 0 = any")->capture_default_str();
  app.add_flag("--keep-uids", o.rows.keep_uids, "Remember every uid: doubles are counted and answered as duplicate");
  app.add_flag("--latency", o.rows.latency, "Measure receive stamp to arrival of live rows");
  app.add_option("--rows", o.rows.rows_file, "Append one line a record to this file");
  app.add_option("--delay-ms", o.delay_ms, "Wait before each answer of submit")->capture_default_str();
  app.add_option("--fail", o.fail_every, "Every Nth submit fails; 0 = none")->capture_default_str();
  app.add_option("--how", o.how, "503: nothing stored; lost: stored, the answer is a 502")
      ->check(CLI::IsMember({"503", "lost"}))
      ->capture_default_str();
  app.add_option("--gateway", o.gateway, "Gateway of the configuration")->capture_default_str();
  app.add_option("--site", o.site, "Site of the configuration")->capture_default_str();
  app.add_option("--epoch", o.epoch, "Epoch that is granted")->capture_default_str();
  app.add_option("--devices", o.devices, "dev1 to devN of the configuration")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e) == 0 ? 0 : 2);
  }
  return o;
}

}  // namespace
}  // namespace edge::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    edge::bench::CountingSink sink(edge::bench::parse(argc, argv));
    // httplib's stop() waits for kept connections. The file of rows is flushed before every answer.
    for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { _exit(0); });
    if (sink.run()) return 0;
    std::fprintf(stderr, "counting-sink: cannot listen on that port of 127.0.0.1\n");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "counting-sink: %s\n", e.what());
  }
  return 1;
}
