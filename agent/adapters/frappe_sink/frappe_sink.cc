#include "agent/adapters/frappe_sink/frappe_sink.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "agent/adapters/frappe_sink/certificate_time.h"

namespace edge {
namespace {

std::int64_t mono_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::int64_t utc_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

constexpr std::string_view kMethods = "/api/method/frappe_ext.api.";

/// `text` in gzip form; empty where zlib refuses (then it travels as it is).
std::string gzip(std::string_view text) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  std::string in(text);  // zlib's input is not const
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return code == Z_STREAM_END ? out : std::string{};
}

std::string percent_encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace

/// One address with its key and its connection.
struct FrappeSink::Link {
  explicit Link(FrappeSinkSettings given) : settings(std::move(given)), http(settings.http) {}
  std::vector<std::string> headers() const {
    std::vector<std::string> out{"Accept: application/json", "Authorization: EdgeKey " + settings.key};
    if (!settings.site_header.empty()) out.push_back("X-Frappe-Site-Name: " + settings.site_header);
    return out;
  }
  FrappeSinkSettings settings;
  HttpClient http;
};

FrappeSink::FrappeSink(FrappeSinkSettings settings) {
  limit_.set_rate(settings.max_rate, mono_ms());
  link_ = std::make_shared<Link>(std::move(settings));
}
FrappeSink::~FrappeSink() = default;

std::shared_ptr<FrappeSink::Link> FrappeSink::link() const {
  const std::lock_guard lock(mutex_);
  return link_;
}

void FrappeSink::note(const HttpAnswer& answer) {
  const std::lock_guard lock(mutex_);
  limit_.spend(answer.sent_bytes, mono_ms());
  if (answer.certificate_expires) certificate_expires_ = answer.certificate_expires;
}

Reply FrappeSink::send(Link& link, const HttpRequest& request) {
  auto answer = link.http.send(request);
  note(answer);
  // gunicorn drops an idle connection after 2 s without a word; same uids make a second try safe.
  if (answer.dropped_kept_alive) {
    answer = link.http.send(request);
    note(answer);
  }
  if (answer.certificate_not_in_time) {
    const std::lock_guard lock(mutex_);
    answer.failure = explain_certificate_time(answer.failure, utc_ms(), passed_);
  }
  return {answer.status, std::move(answer.body), answer.retry_after_s, std::move(answer.failure)};
}

/// So that a batch does not fill a thin line in one gush; never so slow that the request runs out of time.
std::int64_t FrappeSink::send_rate(std::size_t bytes, const Link& link) {
  const std::lock_guard lock(mutex_);
  if (limit_.rate() == 0) return 0;
  const auto half_time = std::max<std::int64_t>(link.settings.http.timeout.count() / 2, 1);
  return std::max(limit_.rate(), static_cast<std::int64_t>(bytes) * 1000 / half_time);
}

Reply FrappeSink::post(std::string_view method, std::string_view body, bool compress, bool bulk) {
  const auto link = this->link();
  HttpRequest request{"POST", link->settings.url + std::string(kMethods) + std::string(method), link->headers(), body};
  const std::string packed = compress ? gzip(body) : std::string{};
  if (packed.empty()) {
    request.headers.emplace_back("Content-Type: application/json");
  } else {
    request.headers.emplace_back("Content-Type: application/vnd.edge.batch+gzip");
    request.body = packed;
  }
  if (bulk) request.max_send_rate = send_rate(request.body.size(), *link);
  return send(*link, request);
}

Reply FrappeSink::submit(std::string_view batch) { return post("ingest.submit", batch, link()->settings.gzip, true); }

Reply FrappeSink::reconcile(std::string_view body) {
  return post("ingest.reconcile", body, link()->settings.gzip, true);
}

Reply FrappeSink::config(std::string_view have_version) {
  const auto link = this->link();
  HttpRequest request{"GET", link->settings.url + std::string(kMethods) + "gateway.config", link->headers(), {}};
  if (!have_version.empty()) request.url += "?have=" + percent_encoded(have_version);
  return send(*link, request);
}

Reply FrappeSink::heartbeat(std::string_view body) { return post("gateway.heartbeat", body, false); }

Reply FrappeSink::new_epoch(std::string_view body) { return post("gateway.new_epoch", body, false); }

void FrappeSink::reconfigure(FrappeSinkSettings settings) {
  const std::int64_t rate = settings.max_rate;
  auto fresh = std::make_shared<Link>(std::move(settings));
  const std::lock_guard lock(mutex_);
  limit_.set_rate(rate, mono_ms());
  if (aborted_) fresh->http.abort();
  link_ = std::move(fresh);
}

void FrappeSink::abort() {
  const std::lock_guard lock(mutex_);
  aborted_ = true;
  link_->http.abort();
}

std::chrono::milliseconds FrappeSink::wait_for_rate() {
  const std::lock_guard lock(mutex_);
  return limit_.wait(mono_ms());
}

std::optional<std::int64_t> FrappeSink::certificate_expires() const {
  const std::lock_guard lock(mutex_);
  return certificate_expires_;
}

void FrappeSink::note_time(std::int64_t passed) {
  const std::lock_guard lock(mutex_);
  passed_ = std::max(passed_, passed);
}

std::string FrappeSink::key_id() const {
  const auto link = this->link();
  return link->settings.key.substr(0, link->settings.key.find(':'));
}

}  // namespace edge
