#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "agent/adapters/frappe_sink/http_client.h"
#include "agent/ports/sink.h"
#include "protocols/result.h"

namespace edge {

struct FrappeSinkSettings {
  std::string url;  ///< without a trailing '/'
  std::string site_header;
  std::string key;  ///< "key_id:secret"
  bool gzip = true;
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

  /// New address or key from the next request on; safe from any thread.
  void reconfigure(FrappeSinkSettings settings);
  /// Ends the call under way and refuses later ones; safe from any thread.
  void abort();
  /// The id half of the key, for the heartbeat.
  std::string key_id() const;

 private:
  struct Link;
  std::shared_ptr<Link> link() const;
  Reply post(std::string_view method, std::string_view body, bool compress);
  Reply send(Link& link, const HttpRequest& request);

  mutable std::mutex mutex_;
  std::shared_ptr<Link> link_;
  bool aborted_ = false;
};

}  // namespace edge
