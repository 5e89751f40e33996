#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace edge::mock {

/// The command line of mock-iot, checked.
struct Options {
  std::string broker = "mqtt://127.0.0.1:1883";
  std::filesystem::path ca_file, password_file;
  std::string username, client_id;
  std::string site = "silo-a";
  std::string prefix = "yam";
  std::string devices = "10";  ///< a number or a specification
  double rate = 10;            ///< messages a second, all devices together; 0 = as fast as the broker takes them
  std::uint64_t count = 0;     ///< 0 = no limit
  double duration_s = 0;       ///< 0 = no limit
  std::uint64_t seed = 1;
  double no_time_share = 0;
  int qos = 1;
  int max_inflight = 1000;
  double drain_s = 60;  ///< how long to wait for the last acknowledgements
  std::filesystem::path journal;
  bool quiet = false;
  std::filesystem::path replay;
  std::string device = "replay-1", metric = "temperature", unit = "C";
  double time_scale = 0;  ///< recorded seconds per real second; 0 = paced by rate
};

/// Reads the command line; on --help or a mistake prints it and ends the process (0 or 2).
Options parse_options(int argc, char** argv);

}  // namespace edge::mock
