#pragma once
#include <cstdint>
#include <optional>

#include "protocols/modbus/register_map.h"

namespace edge::modbus {

/// The bits of what stands at `reg`, its bytes put into order; 16 bits in the low half. Nothing where a register was
/// not answered.
std::optional<std::uint32_t> bits_at(std::uint16_t reg, WordType type, const Registers& registers, ByteOrder order);

}  // namespace edge::modbus
