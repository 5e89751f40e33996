#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "protocols/result.h"

namespace edge {

struct LocalPage {
  int status = 200;
  std::string type = "application/json";
  std::string body;
};

/// GET pages for this machine: path → page. The Host header must name a loopback address and our port (a web page
/// elsewhere cannot reach us by a name of its own), everything else is refused. Handlers run on the server's threads.
class LocalHttp {
 public:
  using Pages = std::map<std::string, std::function<LocalPage()>>;

  explicit LocalHttp(Pages pages);
  ~LocalHttp();
  LocalHttp(const LocalHttp&) = delete;
  LocalHttp& operator=(const LocalHttp&) = delete;

  /// The port it listens on (`port` 0 = any free one). Errors: kIo.
  Result<int> start(const std::string& host, int port);
  void stop();

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace edge
