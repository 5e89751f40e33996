#pragma once
#include <cstdint>
#include <fstream>
#include <string>

#include "mock_devices/mock_iot/message.h"
#include "mock_devices/mock_iot/options.h"

namespace edge::mock {

/// Sends a recorded series: a CSV with a header and the columns timestamp,value ("2013-07-04 00:00:00,69.88083514").
///
/// Times without a zone are UTC. The value's characters are sent as they stand. Throws std::runtime_error naming the
/// line that cannot be read.
class Replay : public MessageSource {
 public:
  explicit Replay(const Options& o);
  std::optional<SensorMessage> next() override;
  std::chrono::microseconds pause() const override { return pause_; }

 private:
  std::ifstream file_;
  std::string topic_, device_, metric_, unit_;
  double time_scale_;
  std::int64_t last_time_ = 0;
  std::uint64_t line_ = 1;
  std::chrono::microseconds pause_{};
};

}  // namespace edge::mock
