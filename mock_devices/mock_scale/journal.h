#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "mock_devices/mock_scale/indicator.h"

namespace edge::mock {

/// One thing that went out, or that should have.
struct Sent {
  std::string_view out;  ///< link or host:port
  std::string_view bytes;
  std::string_view request = {};  ///< what it answers; empty = streamed
  std::string_view fault = {};    ///< empty = none
  std::string_view value = {};    ///< what it says: the weight shown, or a sensor's temperature
  bool stable = false;
  int unit = 0;       ///< Modbus slave
  bool lost = false;  ///< nobody listened, or the line was full
};

/// Every frame and answer as a JSON line, written before its bytes leave: what a test holds against the records.
class ScaleJournal {
 public:
  /// Without a path it only counts. Throws std::runtime_error where the file cannot be opened.
  explicit ScaleJournal(const std::filesystem::path& path);

  void note(const Sent& sent);
  std::int64_t count() const { return n_; }

 private:
  std::ofstream file_;
  bool on_;
  std::int64_t n_ = 0;
};

}  // namespace edge::mock
