#pragma once
#include <map>
#include <string>
#include <vector>

#include "mock_devices/mock_scale/modbus_answer.h"
#include "mock_devices/mock_scale/output.h"

namespace edge::mock {

/// Several slaves behind one RTU line or TCP port.
class ModbusOutput final : public Output {
 public:
  /// `slaves` may change between calls.
  ModbusOutput(Scene scene, std::unique_ptr<Port> port, Framing framing, const std::vector<Slave>& slaves)
      : Output(scene, std::move(port)), framing_(framing), slaves_(slaves), answer_(framing) {}

  void serve(const pollfd& ready, Ticks now) override;
  Ticks send_due(Ticks now) override;
  void forget() override;

 private:
  struct Heard {
    std::string bytes;
    Ticks last;
  };
  struct Pending {
    Ticks due;
    int peer = 0, unit = 0;
    std::string request, bytes, value, fault;
    bool stable = false;
  };
  /// Takes one whole request off the front; empty = none yet.
  std::string take_request(Heard& heard) const;
  void answer(int peer, const std::string& request, Ticks now);
  /// Bytes and due time of an answer with a fault; no bytes = none is sent.
  void spoil(Pending& pending, const Slave& slave, const Fault& fault);
  void send(const Pending& pending);

  Framing framing_;
  const std::vector<Slave>& slaves_;
  ModbusAnswer answer_;
  std::map<int, Heard> heard_;
  std::vector<Pending> pending_;
};

}  // namespace edge::mock
