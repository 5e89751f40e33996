#include <curl/curl.h>
#include <fcntl.h>
#include <mqtt/async_client.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

/// The libraries the agent stands on, alone: what each reaches when nothing is kept, judged or confirmed.
namespace edge::bench {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

void report(std::int64_t count, double seconds) {
  std::printf("{\"count\":%lld,\"per_s\":%.0f,\"cpu_s_per_100k\":%.2f}\n", static_cast<long long>(count),
              static_cast<double>(count) / seconds, cpu_seconds() / static_cast<double>(count) * 1e5);
}

/// Subscribes and forgets; Paho acknowledges. Prints "ready", then the result after `count` messages.
void run_paho(int port, std::int64_t count) {
  std::atomic<std::int64_t> got{0};
  mqtt::async_client client("tcp://127.0.0.1:" + std::to_string(port), "bare-paho", nullptr);
  client.set_message_callback([&](const mqtt::const_message_ptr&) { ++got; });
  mqtt::connect_options options;
  options.set_clean_session(true);
  client.connect(options)->wait();
  client.subscribe("yam/+/+/observation", 1)->wait();
  std::puts("ready");
  std::fflush(stdout);
  while (got == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto begin = Clock::now();
  while (got < count) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  report(count, since(begin));
  client.disconnect()->wait();
}

std::size_t forget(char*, std::size_t size, std::size_t count, void*) { return size * count; }

/// One prebuilt batch of 500 records again and again over a kept connection.
void run_curl(const std::string& url, std::int64_t count) {
  constexpr std::int64_t kRows = 500;
  std::string body = R"({"v":1,"gateway":"g","epoch":"1","instance":"0000000000000000","batch_id":"1","sent_at":1,"records":[)";
  for (std::int64_t n = 0; n < kRows; ++n) {
    std::string uid = std::to_string(n);
    uid.insert(0, 32 - uid.size(), '0');
    body += (n > 0 ? "," : "") + (R"({"kind":"observation","uid":")" + uid) + R"(","pad":")" + std::string(440, 'x') + "\"}";
  }
  body += "]}";
  CURL* const curl = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
  curl_easy_setopt(curl, CURLOPT_URL, (url + "/api/method/frappe_ext.api.ingest.submit").c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, forget);
  const auto begin = Clock::now();
  for (std::int64_t sent = 0; sent < count; sent += kRows) {
    if (curl_easy_perform(curl) != CURLE_OK) throw std::runtime_error("post failed");
  }
  report(count, since(begin));
  curl_easy_cleanup(curl);
  curl_slist_free_all(headers);
}

void run_sql(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db));
}

/// Prepared inserts of the columns a reading needs, `batch` a transaction, WAL; no identity, no counters, no cursor.
void run_sqlite(const std::string& file, std::int64_t count, int batch, bool full) {
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK) throw std::runtime_error("cannot open " + file);
  run_sql(db, "PRAGMA page_size=1024; PRAGMA locking_mode=exclusive; PRAGMA journal_mode=wal");
  run_sql(db, full ? "PRAGMA synchronous=full" : "PRAGMA synchronous=normal");
  run_sql(db, "CREATE TABLE reading(id INTEGER PRIMARY KEY, uid BLOB, site TEXT, device TEXT, type TEXT, at INTEGER, "
              "value TEXT, unit TEXT, raw TEXT)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO reading VALUES(?,?,?,?,?,?,?,?,?)", -1, &insert, nullptr);
  const std::string raw = R"({"metric":"temperature","value":21.37,"unit":"C","ts":1771840800000,"seq":123456})";
  const auto text = [&](int at, const char* value) { sqlite3_bind_text(insert, at, value, -1, SQLITE_STATIC); };
  const auto begin = Clock::now();
  for (std::int64_t id = 1; id <= count;) {
    run_sql(db, "BEGIN");
    for (int n = 0; n < batch && id <= count; ++n, ++id) {
      sqlite3_bind_int64(insert, 1, id);
      sqlite3_bind_blob(insert, 2, raw.data(), 16, SQLITE_STATIC);
      text(3, "silo-a");
      text(4, "dev17");
      text(5, "temperature");
      sqlite3_bind_int64(insert, 6, 1'771'840'800'000 + id);
      text(7, "21.37");
      text(8, "C");
      sqlite3_bind_text(insert, 9, raw.data(), static_cast<int>(raw.size()), SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db));
      sqlite3_reset(insert);
    }
    run_sql(db, "COMMIT");
  }
  report(count, since(begin));
  sqlite3_finalize(insert);
  sqlite3_close(db);
}

/// Appends 4 KiB and fdatasync, one by one: what a commit at `power-cut` cannot be faster than.
void run_fsync(const std::string& file, int count) {
  const int fd = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error("cannot open " + file);
  const std::string page(4096, 'x');
  std::vector<double> us;
  for (int n = 0; n < count; ++n) {
    const auto begin = Clock::now();
    if (::write(fd, page.data(), page.size()) != 4096 || ::fdatasync(fd) != 0) throw std::runtime_error("sync failed");
    us.push_back(since(begin) * 1e6);
  }
  ::close(fd);
  std::sort(us.begin(), us.end());
  std::printf("{\"count\":%d,\"p50_us\":%.0f,\"p99_us\":%.0f}\n", count, us[us.size() / 2], us[us.size() * 99 / 100]);
}

}  // namespace
}  // namespace edge::bench

int main(int argc, char** argv) {
  CLI::App app("What the libraries under the agent reach alone.", "bare-peers");
  app.require_subcommand(1);
  int port = 1883, batch = 500;
  std::int64_t count = 100'000;
  std::string file, url;
  bool full = false;
  auto* paho = app.add_subcommand("paho", "Subscribe at QoS 1 and forget");
  paho->add_option("--port", port);
  auto* curl = app.add_subcommand("curl", "Post one prebuilt batch of 500 again and again");
  curl->add_option("url", url)->required();
  auto* sqlite = app.add_subcommand("sqlite", "Insert batches");
  sqlite->add_option("file", file)->required();
  sqlite->add_option("--batch", batch);
  sqlite->add_flag("--full", full);
  auto* sync = app.add_subcommand("fsync", "Append 4 KiB and sync");
  sync->add_option("file", file)->required();
  for (auto* one : {paho, curl, sqlite, sync}) one->add_option("--count", count);
  CLI11_PARSE(app, argc, argv);
  try {
    if (*paho) edge::bench::run_paho(port, count);
    if (*curl) edge::bench::run_curl(url, count);
    if (*sqlite) edge::bench::run_sqlite(file, count, batch, full);
    if (*sync) edge::bench::run_fsync(file, static_cast<int>(count));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bare-peers: %s\n", e.what());
    return 1;
  }
}
