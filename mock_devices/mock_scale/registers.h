#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mock_devices/mock_scale/indicator.h"

namespace edge::mock {

/// One Modbus device of the mock.
struct Slave {
  int unit = 1;
  std::string map;  ///< "laumas-tlb" "dini-dgt" (the scale) or "xy-md02" (a sensor)
  std::string temperature = "21.5", humidity = "55.0";
};

/// "3=laumas-tlb", "5=xy-md02:21.5:48.0". Errors: std::invalid_argument naming the part that is wrong.
Slave parse_slave(std::string_view specification);

/// What a device answers at one moment: its registers from address 0 and what they say.
struct Image {
  std::vector<std::uint16_t> holding, input;
  std::string value;
  bool stable = false;
};

/// The registers of a slave. A scale shows `display`, a sensor its own values (tenths of a degree and of a per cent).
/// Source: Laumas TLB and Dini Argeo DGT manuals, XY-MD02 sheet; magnitudes without the point, the sign in the status.
Image image_of(const Slave& slave, const Display& display);

/// True where image_saying() can show the value.
bool can_say(const Slave& slave, std::string_view value);
/// The same device saying `value` instead, still and in range: what a late answer carries.
Image image_saying(const Slave& slave, std::string_view value);

/// True where every value of a sensor fits its register.
bool is_register_value(std::string_view text);

}  // namespace edge::mock
