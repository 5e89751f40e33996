#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "mock_devices/mock_iot/message.h"
#include "mock_devices/mock_iot/options.h"

namespace edge::mock {

/// How one sensor behaves.
enum class Behaviour {
  kNormal,
  kDrift,
  kSpike,
  kStuck,
  kNan,
  kGarbage,
  kSilent,
  kWrongClock,
  kUnknownDevice,
  kOverheat
};

/// One sensor of the fleet and where it stands.
struct Sensor {
  std::string name;
  Behaviour behaviour = Behaviour::kNormal;
  std::string behaviour_name = "normal";
  std::string metric = "temperature";
  std::string unit = "C";
  double base = 20;            ///< middle of its values
  std::uint64_t sent = 0;      ///< messages so far
  std::int64_t last_time = 0;  ///< UTC ms of its last timestamp
};

/// The sensors of `--devices`. Throws std::invalid_argument naming the part that is wrong.
std::vector<Sensor> parse_devices(std::string_view specification);

/// Sensors in turn, each with its behaviour; the same seed gives the same values. Never ends.
class Fleet : public MessageSource {
 public:
  /// `o.site`, `o.prefix`, `o.devices`, `o.seed` and `o.no_time_share` are used.
  explicit Fleet(const Options& o);
  std::optional<SensorMessage> next() override;

 private:
  Sensor& next_sensor();
  std::string reading(Sensor& sensor, bool with_time);
  std::string value_of(const Sensor& sensor);
  std::string time_of(Sensor& sensor) const;
  std::string garbage();
  double noise(double width);

  std::vector<Sensor> sensors_;
  std::string prefix_;
  double no_time_share_;
  std::mt19937_64 random_;
  std::size_t turn_ = 0;
};

}  // namespace edge::mock
