#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "protocols/result.h"

namespace edge {

/// A Unix socket (0660) where each line is a JSON request and each answer a line. Each client has a thread, so that a
/// capture never waits for a long check; kClients at once, further ones wait. One that says nothing for two seconds is
/// let go.
class ControlSocket {
 public:
  static constexpr std::size_t kClients = 8;
  static constexpr std::size_t kRequestLimit = 64U << 10;  ///< bytes of a line
  using Handler = std::function<std::string(std::string_view request)>;

  /// `handler` is called from several threads at once.
  explicit ControlSocket(Handler handler);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  /// Replaces a socket that a dead agent left behind. Errors: kRefused (somebody answers on it), kIo.
  Result<void> start(const std::filesystem::path& path);
  void stop();

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

/// Sends one request and returns the answer's line. Errors: kUnavailable (nobody listens), kRefused (not allowed to
/// speak to it), kIo (cut or late).
Result<std::string> ask_control_socket(const std::filesystem::path& path, std::string_view request,
                                       std::chrono::milliseconds timeout = std::chrono::seconds(30));

}  // namespace edge
