#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "mock_devices/mock_scale/registers.h"

typedef struct _modbus modbus_t;  // libmodbus' own name

namespace edge::mock {

enum class Framing { kRtu, kTcp };

/// Modbus CRC-16 (polynomial A001, initial FFFF); low byte first on the wire.
std::uint16_t modbus_crc(std::string_view bytes);

/// Makes answers with libmodbus' server side, which writes into a socket of our own: so an answer can be damaged,
/// delayed or left out before anybody sees it.
class ModbusAnswer {
 public:
  explicit ModbusAnswer(Framing framing);
  ~ModbusAnswer();
  ModbusAnswer(const ModbusAnswer&) = delete;
  ModbusAnswer& operator=(const ModbusAnswer&) = delete;

  /// The whole answer to a whole request; a register that is not there gives exception 2.
  std::string of(std::string_view request, const Image& image);

 private:
  modbus_t* context_;
  int near_ = -1, far_ = -1;
};

/// The exception answer to a request.
std::string exception_to(std::string_view request, int code, Framing framing);
/// An RTU frame whose CRC is wrong; a TCP one whose transaction is another.
std::string with_wrong_crc(std::string answer, Framing framing);
/// As if another slave had answered.
std::string with_wrong_unit(std::string answer, Framing framing);

/// Where unit and function stand.
int unit_of(std::string_view frame, Framing framing);

}  // namespace edge::mock
