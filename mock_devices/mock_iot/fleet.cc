#include "mock_devices/mock_iot/fleet.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "protocols/bytes.h"
#include "protocols/record/time.h"

namespace edge::mock {
namespace {

constexpr std::array<std::pair<std::string_view, Behaviour>, 10> kBehaviours{{
    {"normal", Behaviour::kNormal},
    {"drift", Behaviour::kDrift},
    {"spike", Behaviour::kSpike},
    {"stuck", Behaviour::kStuck},
    {"nan", Behaviour::kNan},
    {"garbage", Behaviour::kGarbage},
    {"silent", Behaviour::kSilent},
    {"wrong-clock", Behaviour::kWrongClock},
    {"unknown-device", Behaviour::kUnknownDevice},
    {"overheat", Behaviour::kOverheat},
}};
constexpr std::uint64_t kSilentAfter = 3;
constexpr std::uint64_t kOverheatAfter = 10;
constexpr std::uint64_t kSpikeEvery = 20;

std::int64_t utc_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string fixed2(double value) {
  std::array<char, 48> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.2f", value);
  return {text.data(), static_cast<std::size_t>(length)};
}

/// The middle of a healthy store (design.md §3, example policies).
double middle_of(std::string_view metric) {
  constexpr std::array<std::pair<std::string_view, double>, 4> kMiddles{
      {{"temperature", 20}, {"relative_humidity", 60}, {"grain_moisture", 12}, {"co2", 700}}};
  const auto* found =
      std::find_if(kMiddles.begin(), kMiddles.end(), [&](const auto& entry) { return entry.first == metric; });
  return found == kMiddles.end() ? 50 : found->second;
}

Sensor parse_sensor(std::string_view part) {
  Sensor sensor;
  const auto equals = part.find('=');
  sensor.name = part.substr(0, equals);
  std::string_view rest = equals == std::string_view::npos ? std::string_view("normal") : part.substr(equals + 1);
  std::array<std::string_view, 3> fields{};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto colon = i + 1 < fields.size() ? rest.find(':') : std::string_view::npos;
    fields[i] = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  const auto* known =
      std::find_if(kBehaviours.begin(), kBehaviours.end(), [&](const auto& entry) { return entry.first == fields[0]; });
  if (!is_wire_id(sensor.name) || known == kBehaviours.end()) {
    throw std::invalid_argument("--devices: \"" + std::string(part) + "\" is not name=behaviour[:metric[:unit]]");
  }
  sensor.behaviour = known->second;
  sensor.behaviour_name = known->first;
  if (!fields[1].empty()) {
    sensor.metric = fields[1];
    sensor.unit = fields[2];
  }
  sensor.base = middle_of(sensor.metric);
  return sensor;
}

std::vector<Sensor> numbered(std::size_t count) {
  std::vector<Sensor> sensors;
  for (std::size_t i = 1; i <= count; ++i) {
    sensors.push_back(parse_sensor("dev" + std::to_string(i) + "=normal"));
  }
  return sensors;
}

}  // namespace

std::vector<Sensor> parse_devices(std::string_view specification) {
  if (!specification.empty() && specification.find_first_not_of("0123456789") == std::string_view::npos) {
    const auto count = std::stoull(std::string(specification.substr(0, 9)));
    if (count == 0 || count > 100'000) {
      throw std::invalid_argument("--devices: write 1 to 100000, or a specification");
    }
    return numbered(count);
  }
  std::vector<Sensor> sensors;
  while (true) {
    const auto comma = specification.find(',');
    sensors.push_back(parse_sensor(specification.substr(0, comma)));
    if (comma == std::string_view::npos) {
      break;
    }
    specification.remove_prefix(comma + 1);
  }
  return sensors;
}

Fleet::Fleet(const Options& o)
    : sensors_(parse_devices(o.devices)),
      prefix_(o.prefix + "/" + o.site + "/"),
      no_time_share_(o.no_time_share),
      random_(o.seed) {
  for (Sensor& sensor : sensors_) {
    sensor.base += noise(sensor.base * 0.05);
  }
}

std::optional<SensorMessage> Fleet::next() {
  Sensor& sensor = next_sensor();
  const bool can_tell_time = sensor.behaviour != Behaviour::kGarbage && sensor.behaviour != Behaviour::kWrongClock;
  const bool wants_time = std::uniform_real_distribution<double>(0, 1)(random_) >= no_time_share_;
  SensorMessage message;
  message.topic = prefix_ + sensor.name + "/observation";
  message.device = sensor.name;
  message.behaviour = sensor.behaviour_name;
  message.has_time = can_tell_time && wants_time;
  message.payload = sensor.behaviour == Behaviour::kGarbage ? garbage() : reading(sensor, wants_time);
  ++sensor.sent;
  return message;
}

Sensor& Fleet::next_sensor() {
  for (std::size_t tried = 0; tried <= sensors_.size(); ++tried) {
    Sensor& sensor = sensors_[turn_++ % sensors_.size()];
    if (sensor.behaviour != Behaviour::kSilent || sensor.sent < kSilentAfter) {
      return sensor;
    }
  }
  throw std::invalid_argument("--devices: every device is silent, nothing is left to send");
}

std::string Fleet::reading(Sensor& sensor, bool with_time) {
  // Without a time of its own a sensor repeats itself byte for byte: nothing but the count tells two messages apart.
  const bool repeats = !with_time && sensor.behaviour == Behaviour::kNormal;
  std::string text = R"({"metric":")" + sensor.metric + R"(","value":)" +
                     (repeats ? fixed2(sensor.base) : value_of(sensor)) + R"(,"unit":")" + sensor.unit + '"';
  if (with_time || sensor.behaviour == Behaviour::kWrongClock) {
    text += R"(,"ts":")" + time_of(sensor) + '"';
  }
  return text + "}";
}

std::string Fleet::value_of(const Sensor& sensor) {
  constexpr std::array<std::string_view, 4> kNoValues{"NaN", R"("NaN")", "null", R"("unavailable")"};
  const double jitter = noise(sensor.base * 0.02);
  switch (sensor.behaviour) {
    case Behaviour::kNan:
      return std::string(kNoValues[sensor.sent % kNoValues.size()]);
    case Behaviour::kStuck:
      return fixed2(sensor.base);
    case Behaviour::kDrift:
      return fixed2(sensor.base + 0.02 * static_cast<double>(sensor.sent) + jitter);
    case Behaviour::kSpike:
      return fixed2(sensor.base * (sensor.sent % kSpikeEvery == kSpikeEvery - 1 ? 4 : 1) + jitter);
    case Behaviour::kOverheat: {
      // A fan has failed: up by half a degree a message, for good.
      const auto hot = static_cast<double>(sensor.sent - std::min(sensor.sent, kOverheatAfter));
      return fixed2(sensor.base + std::min(0.5 * hot, 20.0) + jitter);
    }
    default:
      return fixed2(sensor.base + jitter);
  }
}

std::string Fleet::time_of(Sensor& sensor) const {
  // Never the same millisecond twice: equal payloads of one device are one reading (design.md §5).
  sensor.last_time = std::max(utc_ms(), sensor.last_time + 1);
  if (sensor.behaviour != Behaviour::kWrongClock) {
    return format_instant(sensor.last_time);
  }
  constexpr std::int64_t kTwoDays = 2LL * 24 * 3600 * 1000;
  switch (sensor.sent % 3) {
    case 0:
      return format_instant(sensor.last_time % 86'400'000);
    case 1:
      return format_instant(sensor.last_time + kTwoDays);
    default:
      return format_instant(sensor.last_time).substr(0, 19);
  }
}

std::string Fleet::garbage() {
  constexpr std::array<std::string_view, 6> kTexts{
      "ERR\xff\xfe\x01",    R"({"metric":"temperature","value":2)", "",
      "\x02 21.5C\r\n\x03", "<img src=x onerror=alert(1)>",         "=cmd|' /C calc'!A0 {{ 7*7 }}"};
  const std::size_t which = random_() % (kTexts.size() + 1);
  if (which < kTexts.size()) {
    return std::string(kTexts[which]);
  }
  std::string bytes(1 + random_() % 64, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random_() & 0xff); });
  return bytes;
}

double Fleet::noise(double width) { return std::uniform_real_distribution<double>(-width, width)(random_); }

}  // namespace edge::mock
