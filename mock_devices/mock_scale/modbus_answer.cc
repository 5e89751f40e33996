#include "mock_devices/mock_scale/modbus_answer.h"

#include <modbus/modbus.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace edge::mock {
namespace {

/// Transaction (2), protocol (2), length (2), unit.
constexpr std::size_t kTcpUnit = 6;

std::size_t unit_at(Framing framing) { return framing == Framing::kTcp ? kTcpUnit : 0; }

void append_crc(std::string& frame) {
  const std::uint16_t crc = modbus_crc(frame);
  frame += static_cast<char>(crc & 0xFF);
  frame += static_cast<char>(crc >> 8);
}

}  // namespace

std::uint16_t modbus_crc(std::string_view bytes) {
  std::uint16_t crc = 0xFFFF;
  for (const char byte : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ static_cast<unsigned char>(byte));
    for (int i = 0; i < 8; ++i) {
      crc = static_cast<std::uint16_t>((crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1);
    }
  }
  return crc;
}

ModbusAnswer::ModbusAnswer(Framing framing)
    : context_(framing == Framing::kTcp ? modbus_new_tcp("127.0.0.1", 0)
                                        : modbus_new_rtu("/dev/null", 9600, 'N', 8, 1)) {
  std::array<int, 2> pair{};
  if (context_ == nullptr || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    throw std::runtime_error(std::string("libmodbus: ") + std::strerror(errno));
  }
  near_ = pair[0];
  far_ = pair[1];
  modbus_set_socket(context_, far_);
  modbus_set_response_timeout(context_, 0, 1);  // it waits that long before some exceptions
}

ModbusAnswer::~ModbusAnswer() {
  modbus_free(context_);
  close(near_);
  close(far_);
}

std::string ModbusAnswer::of(std::string_view request, const Image& image) {
  Image registers = image;  // a write request changes this copy alone
  modbus_mapping_t mapping{};
  mapping.nb_registers = static_cast<int>(registers.holding.size());
  mapping.tab_registers = registers.holding.data();
  mapping.nb_input_registers = static_cast<int>(registers.input.size());
  mapping.tab_input_registers = registers.input.data();
  modbus_reply(context_, reinterpret_cast<const std::uint8_t*>(request.data()), static_cast<int>(request.size()),
               &mapping);
  std::array<char, MODBUS_TCP_MAX_ADU_LENGTH> buffer{};
  const ssize_t got = recv(near_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : "";
}

std::string exception_to(std::string_view request, int code, Framing framing) {
  std::string answer(request.substr(0, unit_at(framing) + 2));
  answer.back() = static_cast<char>(answer.back() | '\x80');
  answer += static_cast<char>(code);
  if (framing == Framing::kTcp) {
    answer[kTcpUnit - 1] = 3;  // what follows the length
  } else {
    append_crc(answer);
  }
  return answer;
}

std::string with_wrong_crc(std::string answer, Framing framing) {
  char& changed = framing == Framing::kTcp ? answer.front() : answer.back();
  changed = static_cast<char>(changed ^ 0x55);
  return answer;
}

std::string with_wrong_unit(std::string answer, Framing framing) {
  char& unit = answer[unit_at(framing)];
  unit = static_cast<char>(unit ^ 0x40);
  if (framing == Framing::kRtu) {
    answer.resize(answer.size() - 2);
    append_crc(answer);
  }
  return answer;
}

int unit_of(std::string_view frame, Framing framing) { return static_cast<unsigned char>(frame[unit_at(framing)]); }

}  // namespace edge::mock
