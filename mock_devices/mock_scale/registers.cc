#include "mock_devices/mock_scale/registers.h"

#include <charconv>
#include <stdexcept>

namespace edge::mock {
namespace {

constexpr Weight kTenth{1, -1};

std::uint16_t bit(int number, bool set) { return static_cast<std::uint16_t>((set ? 1U : 0U) << number); }

/// High word first.
void put_magnitude(std::vector<std::uint16_t>& registers, std::size_t at, const Weight& weight) {
  const auto bits = static_cast<std::uint32_t>(magnitude(weight).digits);
  registers[at] = static_cast<std::uint16_t>(bits >> 16);
  registers[at + 1] = static_cast<std::uint16_t>(bits & 0xFFFF);
}

/// Numbers 40001 to 40014; status at 40007, gross 40008, net 40010, peak 40012.
Image laumas(const Display& display) {
  constexpr std::size_t kStatus = 6, kGross = 7, kNet = 9, kPeak = 11;
  Image image;
  image.holding.resize(14);
  const Weight net = *subtract(display.gross, display.tare);
  const int status = bit(2, display.over) | bit(7, display.gross.digits < 0) | bit(8, net.digits < 0) |
                     bit(10, display.net) | bit(11, display.stable) | bit(12, display.zero);
  image.holding[kStatus] = static_cast<std::uint16_t>(status);
  put_magnitude(image.holding, kGross, display.gross);
  put_magnitude(image.holding, kNet, net);
  put_magnitude(image.holding, kPeak, display.gross);
  return image;
}

/// Numbers 30001 to 30007; gross at 30001, net 30003, status 30005.
Image dini(const Display& display) {
  constexpr std::size_t kGross = 0, kNet = 2, kStatus = 4;
  Image image;
  image.input.resize(7);
  const Weight net = *subtract(display.gross, display.tare);
  const int status = bit(0, net.digits < 0) | bit(1, display.gross.digits < 0) | bit(2, display.stable) |
                     bit(4, display.over) | bit(5, display.net) | bit(7, display.zero);
  image.input[kStatus] = static_cast<std::uint16_t>(status);
  put_magnitude(image.input, kGross, display.gross);
  put_magnitude(image.input, kNet, net);
  return image;
}

/// Input registers 1 and 2: temperature and relative humidity in tenths, signed.
Image sensor(std::string_view temperature, std::string_view humidity) {
  Image image;
  image.input.resize(3);
  image.input[1] = static_cast<std::uint16_t>(*steps_of(*weight_from(temperature), kTenth));
  image.input[2] = static_cast<std::uint16_t>(*steps_of(*weight_from(humidity), kTenth));
  image.value = temperature;
  image.stable = true;
  return image;
}

Image scale(const Slave& slave, const Display& display) {
  Image image = slave.map == "laumas-tlb" ? laumas(display) : dini(display);
  image.value = to_text(display.gross);
  image.stable = display.stable;
  return image;
}

}  // namespace

bool is_register_value(std::string_view text) {
  const auto weight = weight_from(text);
  const auto tenths = weight ? steps_of(*weight, kTenth) : std::nullopt;
  return tenths && *tenths >= INT16_MIN && *tenths <= INT16_MAX;
}

Slave parse_slave(std::string_view specification) {
  const auto mistake = [&] {
    return std::invalid_argument("--slave: \"" + std::string(specification) +
                                 "\" is not UNIT=laumas-tlb, UNIT=dini-dgt or UNIT=xy-md02[:TEMPERATURE:HUMIDITY]");
  };
  Slave slave;
  const auto equals = specification.find('=');
  const auto unit = specification.substr(0, equals);
  const auto read = std::from_chars(unit.data(), unit.data() + unit.size(), slave.unit);
  if (equals == std::string_view::npos || read.ec != std::errc() || read.ptr != unit.data() + unit.size() ||
      slave.unit < 1 || slave.unit > 247) {
    throw mistake();
  }
  std::string_view rest = specification.substr(equals + 1);
  const auto colon = rest.find(':');
  slave.map = rest.substr(0, colon);
  if (colon != std::string_view::npos) {
    rest.remove_prefix(colon + 1);
    const auto second = rest.find(':');
    slave.temperature = rest.substr(0, second);
    slave.humidity = second == std::string_view::npos ? "" : rest.substr(second + 1);
  }
  const bool known = slave.map == "laumas-tlb" || slave.map == "dini-dgt" || slave.map == "xy-md02";
  if (!known || !is_register_value(slave.temperature) || !is_register_value(slave.humidity)) {
    throw mistake();
  }
  return slave;
}

Image image_of(const Slave& slave, const Display& display) {
  return slave.map == "xy-md02" ? sensor(slave.temperature, slave.humidity) : scale(slave, display);
}

bool can_say(const Slave& slave, std::string_view value) {
  return slave.map == "xy-md02" ? is_register_value(value) : weight_from(value).has_value();
}

Image image_saying(const Slave& slave, std::string_view value) {
  if (slave.map == "xy-md02") {
    return sensor(value, slave.humidity);
  }
  Display display;
  display.gross = *weight_from(value);
  return scale(slave, display);
}

}  // namespace edge::mock
