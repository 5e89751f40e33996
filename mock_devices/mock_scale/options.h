#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "mock_devices/mock_scale/registers.h"
#include "mock_devices/mock_scale/stream_output.h"
#include "protocols/record/weight.h"

namespace edge::mock {

/// The command line of mock-scale, checked.
struct ScaleOptions {
  Weight e{20, 0};
  std::optional<Weight> max;
  std::string unit = "kg";
  std::chrono::milliseconds pace{3000};  ///< how long a truck takes to stand still

  std::vector<std::string> serial, serial_tcp, modbus_tcp, modbus_rtu;
  StreamSettings stream;
  std::vector<Slave> slaves;

  std::vector<Weight> trucks;  ///< empty = only what standard input says
  std::chrono::milliseconds stand{5000}, gap{3000};
  bool loop = false;

  std::filesystem::path journal;
};

/// Reads the command line; on --help or a mistake prints it and ends the process (0 or 2).
ScaleOptions parse_scale_options(int argc, char** argv);

}  // namespace edge::mock
