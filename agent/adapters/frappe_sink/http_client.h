#pragma once
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/result.h"

namespace edge {

struct HttpClientSettings {
  std::filesystem::path ca_file, client_cert, client_key;  ///< empty: the system's CAs, no client certificate
  std::string proxy;                                       ///< empty: none, whatever the environment says
  std::chrono::milliseconds timeout{30'000};               ///< of the whole request, name resolution included
  std::chrono::milliseconds connect_timeout{10'000};
  std::size_t max_response = 4U << 20;  ///< bytes, decompressed: one hostile answer must not stay in the memory for weeks
  std::string user_agent = "edge-agent";
};

struct HttpRequest {
  std::string method = "GET";  ///< "GET" or "POST"
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value"
  std::string_view body;             ///< lives until send() returns
  std::int64_t max_send_rate = 0;    ///< bytes a second; 0 = as fast as it goes
};

struct HttpAnswer {
  int status = 0;  ///< 0: no whole answer
  std::string body;
  std::optional<long long> retry_after_s;
  std::string failure;              ///< why there is no whole answer; never holds a header
  bool dropped_kept_alive = false;  ///< a reused connection was closed before a byte came back
  std::int64_t sent_bytes = 0;      ///< head and body, without TLS and TCP
  /// Of the server's own certificate, UTC ms; only where this request opened the connection.
  std::optional<std::int64_t> certificate_expires;
  bool certificate_not_in_time = false;  ///< `failure` is that a certificate is not valid yet or any more
};

/// The last certificate of the chain that a server sends: its CA's where it sends that, else the one below, else its own
/// (self-signed).
struct PresentedCertificate {
  std::string pem, subject;
  std::string sha256;    ///< of its DER form, 64 lower-case hex digits
  bool trusted = false;  ///< the client's CAs verify the chain and the host name
};

/// One keep-alive HTTP(S) client over libcurl. HTTP/1.1, certificate and host name always verified, TLS ≥ 1.2,
/// redirects not followed, response bounded, no environment variables. send() blocks and has one caller thread;
/// abort() is safe from any.
class HttpClient {
 public:
  explicit HttpClient(HttpClientSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpAnswer send(const HttpRequest& request);
  /// Shakes hands with the server of an https URL, trusting nothing and sending nothing, to see its certificates.
  /// Errors: kIo (no connection, no TLS).
  Result<PresentedCertificate> presented(const std::string& url);
  /// Ends the request under way and refuses every later one, at once.
  void abort();

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace edge
