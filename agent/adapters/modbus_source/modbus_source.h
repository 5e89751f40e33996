#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/clock.h"
#include "agent/ports/field.h"
#include "agent/ports/source.h"
#include "protocols/modbus/register_map.h"

namespace edge {

/// One device on a bus: a sensor (its readings go to the PollSink) or a scale (samples to the ScaleSink).
struct ModbusSlave {
  int unit = 1;  ///< 1 to 247
  std::string site, device;
  modbus::RegisterMap map;
  std::chrono::milliseconds every{10'000};
};

struct ModbusBusSettings {
  std::string name;
  std::string port;  ///< /dev/serial/by-id/… (RTU); or
  std::string tcp;   ///< host:port
  std::string line = "9600 8N1";
  std::chrono::milliseconds timeout{300};
  std::vector<ModbusSlave> slaves;
};

/// Polls one bus, one thread. A slave that does not answer is asked ever more rarely (up to 60 s, a scale 10 s) and
/// costs the others one timeout each time. A late answer is never taken for a later question's (slave_poll.h says how);
/// over TCP the connection is closed after any failure. Own reconnect with back-off; only functions 3 and 4 are ever
/// sent. Nothing is made up for a slave that does not answer: its status says so. stop() takes one timeout at most.
class ModbusSource final : public Source {
 public:
  ModbusSource(ModbusBusSettings settings, PollSink& readings, ScaleSink& scales, const Clock& clock, TapNote tap,
               std::function<void(std::string_view)> log);
  ~ModbusSource() override;

  void start() override;
  void stop() override;
  /// Sensors and scales go on in the reserve of a full store: does nothing.
  void pause(bool) override {}
  SourceStatus status() const override;
  /// The same for each slave: "bus1/3".
  std::vector<SourceStatus> slaves() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace edge
