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
  std::string scale;    ///< device id
  std::string profile;  ///< scale::find_profile()
  std::string port;     ///< /dev/serial/by-id/…; or
  std::string tcp;      ///< host:port of a serial server
  std::string line;     ///< "9600 7E1"; of a port only
  std::chrono::milliseconds silence{1'500};   ///< a half frame older than this is given up
  std::chrono::milliseconds retry_most{10'000};  ///< longest pause between two tries to open
};

/// Reads one streaming indicator: opens the port exclusively (TIOCEXCL, termios raw, read and checked back), re-opens
/// after an unplug with back-off, hands every frame to the sink. One thread. A port that is gone is "down" with the
/// reason; a frame that cannot be used is trouble, never a sample.
class SerialSource final : public Source {
 public:
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

/// "9600 8N1" in its parts. Errors: kMalformed.
struct SerialLine {
  int baud = 9600;
  int data_bits = 8;   ///< 7 or 8
  char parity = 'N';   ///< N E O
  int stop_bits = 1;   ///< 1 or 2
};
Result<SerialLine> parse_serial_line(std::string_view text);

}  // namespace edge
