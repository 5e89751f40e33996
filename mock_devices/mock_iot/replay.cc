#include "mock_devices/mock_iot/replay.h"

#include <algorithm>
#include <stdexcept>

#include "protocols/record/decimal.h"
#include "protocols/record/time.h"

namespace edge::mock {

Replay::Replay(const Options& o)
    : file_(o.replay),
      topic_(o.prefix + "/" + o.site + "/" + o.device + "/observation"),
      device_(o.device),
      metric_(o.metric),
      unit_(o.unit),
      time_scale_(o.time_scale) {
  std::string header;
  std::getline(file_, header);
  if (!file_ || header.rfind("timestamp,value", 0) != 0) {
    throw std::runtime_error("--replay: " + o.replay.string() + " does not begin with timestamp,value");
  }
}

std::optional<SensorMessage> Replay::next() {
  std::string line;
  do {
    if (!std::getline(file_, line)) {
      return std::nullopt;
    }
    ++line_;
    std::erase(line, '\r');
  } while (line.empty());
  const auto comma = line.find(',');
  std::string time = line.substr(0, comma);
  const std::string value = comma == std::string::npos ? "" : line.substr(comma + 1);
  if (!parse_instant(time)) {
    std::replace(time.begin(), time.end(), ' ', 'T');
    time += 'Z';
  }
  const auto at = parse_instant(time);
  if (!at || to_decimal(value).fault == DecimalFault::kNotANumber) {
    throw std::runtime_error("--replay: line " + std::to_string(line_) + " is not timestamp,value: " + line);
  }
  if (time_scale_ > 0 && last_time_ != 0) {
    const auto step = static_cast<double>(std::max<std::int64_t>(0, *at - last_time_));
    pause_ = std::chrono::microseconds(static_cast<std::int64_t>(step * 1000 / time_scale_));
  }
  last_time_ = *at;
  return SensorMessage{
      topic_,
      R"({"metric":")" + metric_ + R"(","value":)" + value + R"(,"unit":")" + unit_ + R"(","ts":")" + time + "\"}",
      device_, "replay", true};
}

}  // namespace edge::mock
