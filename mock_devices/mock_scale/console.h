#pragma once
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "mock_devices/mock_scale/output.h"
#include "mock_devices/mock_scale/registers.h"

namespace edge::mock {

/// Carries out the commands of standard input (mock-scale --help) and answers each with one JSON line once it is so.
class Console {
 public:
  using Say = std::function<void(const std::string& line)>;
  Console(Scene scene, std::vector<Slave>& slaves, std::vector<std::unique_ptr<Output>>& outputs, Say say)
      : scene_(scene), slaves_(slaves), outputs_(outputs), say_(std::move(say)) {}

  /// Bytes of standard input, in any chunks.
  void hear(std::string_view bytes, Ticks now);
  /// Answers what has come true since.
  void step(Ticks now);

 private:
  struct Waiting {
    std::string what;
    bool for_rest = false;   ///< until the deck is still; else
    std::int64_t count = 0;  ///< until so many frames have gone out
  };
  void line(std::string_view text, Ticks now);
  void carry_out(const nlohmann::json& command, Ticks now);
  void move(const nlohmann::json& command, Ticks now);
  void fault(const nlohmann::json& command);
  void sensor(const nlohmann::json& command);
  void set_plugged(bool plugged);
  void clear(Ticks now);
  void done(std::string_view what, Ticks now);

  Scene scene_;
  std::vector<Slave>& slaves_;
  std::vector<std::unique_ptr<Output>>& outputs_;
  Say say_;
  std::string heard_;
  std::vector<Waiting> waiting_;
};

}  // namespace edge::mock
