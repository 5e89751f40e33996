#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "agent/adapters/frappe_sink/http_client.h"
#include "agent/adapters/frappe_sink/rate_limit.h"
#include "agent/ports/sink.h"
#include "protocols/result.h"

namespace edge {

struct FrappeSinkSettings {
  std::string url;  ///< without a trailing '/'
  std::string site_header;
  std::string key;  ///< "key_id:secret"
  bool gzip = true;
  std::int64_t max_rate = 0;  ///< bytes a second, of everything sent together; 0 = no limit
  HttpClientSettings http;
};

/// The Frappe site as a Sink (wire.md §3-7). The key travels in the Authorization header and nowhere else.
class FrappeSink : public Sink {
 public:
  explicit FrappeSink(FrappeSinkSettings settings);
  ~FrappeSink() override;

  Reply submit(std::string_view batch) override;
  Reply config(std::string_view have_version) override;
  Reply heartbeat(std::string_view body) override;
  Reply new_epoch(std::string_view body) override;
  Reply reconcile(std::string_view body) override;

  /// How long submit() and reconcile() should still wait to keep to max_rate: whoever calls them sees to it, so that
  /// heartbeat and configuration go meanwhile. Safe from any thread.
  std::chrono::milliseconds wait_for_rate();
  /// When the certificate that the server showed last ends, UTC ms; nothing before one was seen. Safe from any thread.
  std::optional<std::int64_t> certificate_expires() const;
  /// A moment that has certainly passed, UTC ms: what the server said the time was. A clock that is behind it is named
  /// where a certificate is not valid by it. Safe from any thread.
  void note_time(std::int64_t passed);

  /// New address or key from the next request on; safe from any thread.
  void reconfigure(FrappeSinkSettings settings);
  /// Ends the call under way and refuses later ones; safe from any thread.
  void abort();
  /// The id half of the key, for the heartbeat.
  std::string key_id() const;

 private:
  struct Link;
  std::shared_ptr<Link> link() const;
  Reply post(std::string_view method, std::string_view body, bool compress, bool bulk = false);
  std::int64_t send_rate(std::size_t bytes, const Link& link);
  void note(const HttpAnswer& answer);
  Reply send(Link& link, const HttpRequest& request);

  mutable std::mutex mutex_;
  std::shared_ptr<Link> link_;
  bool aborted_ = false;
  RateLimit limit_;
  std::optional<std::int64_t> certificate_expires_;
  std::int64_t passed_ = 0;
};

}  // namespace edge
