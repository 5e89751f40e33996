#include "agent/adapters/local_http/local_http.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace edge {
namespace {

constexpr std::size_t kThreads = 2;
constexpr time_t kSocketTimeoutS = 5;

void put(httplib::Response& response, LocalPage page) {
  response.status = page.status;
  response.set_header("Cache-Control", "no-store");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_content(std::move(page.body), page.type);
}

LocalPage refusal(int status, std::string_view why) {
  return {status, "text/plain; charset=utf-8", std::string(why) + "\n"};
}

}  // namespace

struct LocalHttp::Body {
  Pages pages;
  httplib::Server server;
  std::thread thread;
  std::string port;

  bool is_our_host(const std::string& host) const {
    const std::array<std::string, 3> names{"127.0.0.1", "localhost", "[::1]"};
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return host == name + ":" + port; });
  }

  LocalPage page_for(const httplib::Request& request) {
    if (!is_our_host(request.get_header_value("Host"))) return refusal(421, "unknown host");
    if (request.method != "GET") return refusal(405, "only GET");
    const auto found = pages.find(request.path);
    return found == pages.end() ? refusal(404, "no such page") : found->second();
  }
};

LocalHttp::LocalHttp(Pages pages) : body_(std::make_unique<Body>()) {
  body_->pages = std::move(pages);
  auto& server = body_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };  // owned by the server
  // Not httplib's default, SO_REUSEPORT: a second agent must be told that the port is taken.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_payload_max_length(1024);
  server.set_read_timeout(kSocketTimeoutS, 0);
  server.set_write_timeout(kSocketTimeoutS, 0);
  server.set_keep_alive_timeout(1);
  server.set_pre_routing_handler([body = body_.get()](const auto& request, auto& response) {
    try {
      put(response, body->page_for(request));
    } catch (const std::exception&) {
      put(response, refusal(500, "internal error"));
    }
    return httplib::Server::HandlerResponse::Handled;
  });
}

LocalHttp::~LocalHttp() { stop(); }

Result<int> LocalHttp::start(const std::string& host, int port) {
  auto& server = body_->server;
  const int bound = port == 0 ? server.bind_to_any_port(host) : (server.bind_to_port(host, port) ? port : -1);
  if (bound <= 0) {
    return fail(Errc::kIo, "cannot listen on " + host + ":" + std::to_string(port) + " (is the port in use?)");
  }
  body_->port = std::to_string(bound);
  body_->thread = std::thread([&server] { server.listen_after_bind(); });
  // stop() before the loop runs would be overlooked.
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return bound;
}

void LocalHttp::stop() {
  if (!body_->thread.joinable()) return;
  body_->server.stop();
  body_->thread.join();
}

}  // namespace edge
