#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "protocols/bytes.h"
#include "protocols/modbus/register_map.h"

namespace edge::modbus::test {

/// CRC-16/MODBUS, low byte first on the line.
inline std::uint16_t crc_of(std::string_view bytes) {
  std::uint16_t crc = 0xFFFF;
  for (const char c : bytes) {
    crc = static_cast<std::uint16_t>(crc ^ static_cast<std::uint8_t>(c));
    for (int bit = 0; bit < 8; ++bit) {
      crc = static_cast<std::uint16_t>((crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1);
    }
  }
  return crc;
}

/// "01 03 04" as bytes.
inline std::string frame_of(std::string hex) {
  std::erase(hex, ' ');
  return from_hex(hex).value_or("");
}

inline bool has_good_crc(std::string_view frame) { return frame.size() > 2 && crc_of(frame) == 0; }

/// The words of an answer to function 3 or 4, `first` being the register asked for; none where it is no such answer.
inline Registers registers_of(std::string_view frame, std::uint16_t first) {
  Registers out;
  if (frame.size() < 5 || frame.size() != static_cast<std::uint8_t>(frame[2]) + 5U) return out;
  for (std::size_t at = 3; at + 1 < frame.size() - 2; at += 2) {
    const auto word = static_cast<std::uint8_t>(frame[at]) << 8 | static_cast<std::uint8_t>(frame[at + 1]);
    out[static_cast<std::uint16_t>(first + (at - 3) / 2)] = static_cast<std::uint16_t>(word);
  }
  return out;
}

}  // namespace edge::modbus::test
