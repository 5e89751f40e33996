#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/ports/clock.h"
#include "agent/ports/field.h"
#include "agent/ports/source.h"

namespace edge {

struct SerialSourceSettings {
  std::string scale;                              ///< device id
  std::string profile;                            ///< scale::find_profile()
  std::string port;                               ///< /dev/serial/by-id/…; or
  std::string tcp;                                ///< host:port of a serial server
  std::string line;                               ///< "9600 7E1"; of a port only
  std::chrono::milliseconds silence{1'500};       ///< a half frame older than this is given up
  std::chrono::milliseconds retry_most{10'000};   ///< longest pause between two tries to open
  std::chrono::milliseconds quiet{10'000};        ///< without a good frame for so long an open line is "down"
  std::chrono::milliseconds connect_most{5'000};  ///< of a TCP connect
};

/// Reads one streaming indicator: opens the port exclusively (TIOCEXCL, termios raw, read and checked back), re-opens
/// after an unplug with back-off, hands every frame to the sink. One thread. A port that is gone is "down" with the
/// reason; a frame that cannot be used is trouble, never a sample. "up" means that good frames come: an open port that
/// is silent, or gives damaged frames only, is "down" too. Reads only, nothing is ever sent.
///
/// stop() returns within a second. `tap` and `log` are called from the thread of the source.
class SerialSource final : public Source {
 public:
  /// Throws std::runtime_error for settings that check-config refuses (profile, line).
  SerialSource(SerialSourceSettings settings, ScaleSink& sink, const Clock& clock, TapNote tap,
               std::function<void(std::string_view)> log);
  ~SerialSource() override;

  void start() override;
  void stop() override;
  /// Weighing goes on in the reserve of a full store: does nothing.
  void pause(bool) override {}
  SourceStatus status() const override;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace edge
