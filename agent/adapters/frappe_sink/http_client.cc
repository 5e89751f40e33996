#include "agent/adapters/frappe_sink/http_client.h"

#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <ctime>

#include "protocols/bytes.h"

namespace edge {
namespace {

/// curl_global_init is not safe beside other threads: the first client is made before any starts.
void init_curl_once() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  assert(code == CURLE_OK);
  (void)code;
}

struct Collector {
  HttpAnswer* answer;
  std::size_t limit;
  bool any = false;
  bool too_large = false;
};

std::size_t collect(char* data, std::size_t size, std::size_t count, void* user) {
  auto* collector = static_cast<Collector*>(user);
  const std::size_t bytes = size * count;
  if (collector->answer->body.size() + bytes > collector->limit) {
    collector->too_large = true;
    return 0;
  }
  collector->answer->body.append(data, bytes);
  return bytes;
}

/// Headers are only counted: they tell a late failure from a connection that was dead already.
std::size_t note_header(char*, std::size_t size, std::size_t count, void* user) {
  static_cast<Collector*>(user)->any = true;
  return size * count;
}

struct SlistDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Slist = std::unique_ptr<curl_slist, SlistDeleter>;

Slist header_list(const std::vector<std::string>& headers) {
  Slist list;
  // "Expect:" empty: no 100-continue round trip on bad links.
  std::vector<std::string> all{"Expect:"};
  all.insert(all.end(), headers.begin(), headers.end());
  for (const auto& header : all) {
    auto* grown = curl_slist_append(list.get(), header.c_str());
    if (grown == nullptr) break;
    (void)list.release();
    list.reset(grown);
  }
  return list;
}

/// SHA-256 of a certificate's DER form; empty where it is none.
std::string fingerprint_of(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> cert(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                         X509_free);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (!cert || X509_digest(cert.get(), EVP_sha256(), digest.data(), &size) != 1) return {};
  return to_hex({digest.data(), size});
}

/// The end of a certificate in UTC ms. Nothing where it cannot be read.
std::optional<std::int64_t> end_of(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> cert(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                         X509_free);
  std::tm end{};
  if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert.get()), &end) != 1) return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&end)) * 1000;
}

/// The value of "Name:value" in one certificate's list.
std::string certificate_field(const curl_slist* list, std::string_view name) {
  for (; list != nullptr; list = list->next) {
    const std::string_view line = list->data;
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return {};
}

}  // namespace

struct HttpClient::Body {
  explicit Body(HttpClientSettings given) : settings(std::move(given)) {
    init_curl_once();
    easy = curl_easy_init();
    multi = curl_multi_init();
    assert(easy != nullptr && multi != nullptr);
  }
  ~Body() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  template <class T>
  void set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(easy, option, value);
    assert(code == CURLE_OK);
    (void)code;
  }

  void prepare(const HttpRequest& request, Collector& collector, curl_slist* headers);
  void prepare_tls();
  CURLcode perform();
  void note_connection(HttpAnswer& answer) const;

  HttpClientSettings settings;
  CURL* easy = nullptr;
  CURLM* multi = nullptr;
  std::atomic<bool> aborted{false};
  char error[CURL_ERROR_SIZE] = {};
};

void HttpClient::Body::prepare_tls() {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_CERTINFO, 1L);
  if (!settings.ca_file.empty()) set(CURLOPT_CAINFO, settings.ca_file.c_str());
  if (!settings.client_cert.empty()) {
    set(CURLOPT_SSLCERT, settings.client_cert.c_str());
    set(CURLOPT_SSLKEY, settings.client_key.c_str());
  }
}

void HttpClient::Body::prepare(const HttpRequest& request, Collector& collector, curl_slist* headers) {
  curl_easy_reset(easy);  // keeps the connection
  error[0] = '\0';
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(error));
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // an abort does not wait for a name server
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_ACCEPT_ENCODING, "gzip");
  set(CURLOPT_USERAGENT, settings.user_agent.c_str());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(settings.timeout.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(settings.timeout, settings.connect_timeout).count()));
  // Set even when empty: unset, libcurl would ask the environment.
  set(CURLOPT_PROXY, settings.proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_WRITEFUNCTION, collect);
  set(CURLOPT_WRITEDATA, &collector);
  set(CURLOPT_HEADERFUNCTION, note_header);
  set(CURLOPT_HEADERDATA, &collector);
  if (request.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  }
  set(CURLOPT_MAX_SEND_SPEED_LARGE, static_cast<curl_off_t>(request.max_send_rate));
  prepare_tls();
}

/// curl_easy_perform by hand: the multi interface can be woken by abort().
CURLcode HttpClient::Body::perform() {
  curl_multi_add_handle(multi, easy);
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  while (!aborted.load()) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) break;
    if (running == 0) {
      int left = 0;
      const CURLMsg* message = curl_multi_info_read(multi, &left);
      if (message != nullptr) result = message->data.result;
      break;
    }
    curl_multi_poll(multi, nullptr, 0, 1'000, nullptr);
  }
  curl_multi_remove_handle(multi, easy);
  return result;
}

/// What the request cost, and what was seen of the server's certificate.
void HttpClient::Body::note_connection(HttpAnswer& answer) const {
  long head = 0;
  curl_off_t uploaded = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &head);
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  answer.sent_bytes = head + uploaded;
  const curl_certinfo* chain = nullptr;
  curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain);
  if (chain != nullptr && chain->num_of_certs > 0) {
    answer.certificate_expires = end_of(certificate_field(chain->certinfo[0], "Cert"));
  }
  long verified = X509_V_OK;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
  answer.certificate_not_in_time = verified == X509_V_ERR_CERT_NOT_YET_VALID || verified == X509_V_ERR_CERT_HAS_EXPIRED;
}

HttpClient::HttpClient(HttpClientSettings settings) : body_(std::make_unique<Body>(std::move(settings))) {}
HttpClient::~HttpClient() = default;

void HttpClient::abort() {
  body_->aborted.store(true);
  curl_multi_wakeup(body_->multi);
}

HttpAnswer HttpClient::send(const HttpRequest& request) {
  HttpAnswer answer;
  if (body_->aborted.load()) {
    answer.failure = "aborted";
    return answer;
  }
  Collector collector{&answer, body_->settings.max_response};
  const Slist headers = header_list(request.headers);
  body_->prepare(request, collector, headers.get());
  const CURLcode code = body_->perform();
  body_->note_connection(answer);
  if (code == CURLE_OK) {
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(body_->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(body_->easy, CURLINFO_RETRY_AFTER, &retry_after);
    answer.status = static_cast<int>(status);
    if (retry_after > 0) answer.retry_after_s = retry_after;
    return answer;
  }
  long new_connections = 1;
  curl_easy_getinfo(body_->easy, CURLINFO_NUM_CONNECTS, &new_connections);
  const bool cut = code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;
  answer.dropped_kept_alive = cut && new_connections == 0 && !collector.any;
  answer.body.clear();
  if (body_->aborted.load()) {
    answer.failure = "aborted";
  } else if (collector.too_large) {
    answer.failure = "response larger than " + std::to_string(collector.limit) + " bytes";
  } else {
    answer.failure = body_->error[0] != '\0' ? std::string(body_->error) : curl_easy_strerror(code);
  }
  return answer;
}

Result<PresentedCertificate> HttpClient::presented(const std::string& url) {
  Body& body = *body_;
  const HttpRequest request{"GET", url, {}, {}};
  PresentedCertificate out;
  // First as every request is made, to know whether the chain is trusted as it is; then only to look.
  for (const bool verify : {true, false}) {
    HttpAnswer unused;
    Collector collector{&unused, body.settings.max_response};
    const Slist headers = header_list({});
    body.prepare(request, collector, headers.get());
    body.set(CURLOPT_CONNECT_ONLY, 1L);
    body.set(CURLOPT_FRESH_CONNECT, 1L);
    body.set(CURLOPT_PROTOCOLS_STR, "https");
    if (!verify) {
      body.set(CURLOPT_SSL_VERIFYPEER, 0L);
      body.set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    const CURLcode code = body.perform();
    if (verify) {
      out.trusted = code == CURLE_OK;
      if (!out.trusted) continue;
    }
    if (code != CURLE_OK) {
      return fail(Errc::kIo, body.error[0] != '\0' ? std::string(body.error) : curl_easy_strerror(code));
    }
    const curl_certinfo* chain = nullptr;
    curl_easy_getinfo(body.easy, CURLINFO_CERTINFO, &chain);
    if (chain == nullptr || chain->num_of_certs < 1) return fail(Errc::kIo, "the server showed no certificate");
    const curl_slist* const last = chain->certinfo[chain->num_of_certs - 1];
    out.subject = certificate_field(last, "Subject");
    out.pem = certificate_field(last, "Cert");
    break;
  }
  out.sha256 = fingerprint_of(out.pem);
  if (out.sha256.empty()) return fail(Errc::kIo, "the server's certificate cannot be read");
  if (!out.pem.ends_with('\n')) out.pem += '\n';
  return out;
}

}  // namespace edge
