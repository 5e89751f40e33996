#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace edge {

/// What came back from a request, before anybody judges it.
struct Reply {
  int http = 0;  ///< 0: no HTTP answer at all
  std::string body;
  std::optional<long long> retry_after_s;  ///< Retry-After in seconds
  std::string failure;                     ///< why there was no whole answer; empty = whole; never a secret
};

/// The server's methods. Blocking, one caller thread; abort() of the adapter ends a call early.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Reply submit(std::string_view batch) = 0;
  virtual Reply config(std::string_view have_version) = 0;
  virtual Reply heartbeat(std::string_view body) = 0;
  virtual Reply new_epoch(std::string_view body) = 0;
  virtual Reply reconcile(std::string_view body) = 0;
};

}  // namespace edge
