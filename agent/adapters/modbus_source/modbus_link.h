#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/adapters/modbus_source/modbus_source.h"
#include "agent/adapters/modbus_source/slave_poll.h"
#include "protocols/result.h"

struct _modbus;

namespace edge {

/// The port or connection of one bus, left clean after every question.
///
/// libmodbus opens the port, waits for the bytes of one answer and checks its CRC; the rest is checked here, because
/// over TCP it does not look at the unit. After anything but a good answer a connection is closed and a serial line is
/// listened to until it is silent; what was on the line before a question is thrown away. Its endless reconnect
/// (MODBUS_ERROR_RECOVERY_LINK) stays off. One thread; a byte in `wake_fd` cuts every wait but that for an answer.
class ModbusLink final : public ModbusLine {
 public:
  ModbusLink(const ModbusBusSettings& settings, int wake_fd, TapNote tap);
  ~ModbusLink() override;

  /// Does nothing where it is open. Errors: kUnavailable, kMalformed, with the system's words.
  Result<void> open();
  bool is_open() const { return context_ != nullptr; }
  void close();
  bool is_serial() const { return tcp_.empty(); }
  /// Only functions 3 and 4.
  ModbusAnswer ask(int unit, int function, modbus::ReadSpan span) override;

 private:
  struct Free {
    void operator()(_modbus* context) const;
  };
  using Context = std::unique_ptr<_modbus, Free>;
  /// unit, function, first, count
  static constexpr std::uint8_t kRequestSize = 6;
  using Request = std::array<std::uint8_t, kRequestSize>;

  Result<Context> open_port() const;
  Result<Context> open_connection() const;
  bool has_bytes(std::chrono::milliseconds within) const;
  void throw_away();
  Result<void> make_clean();
  bool send(const Request& request);
  ModbusAnswer late(std::string_view frame);
  ModbusAnswer failure(int got);
  ModbusAnswer check(std::string_view frame, const Request& request) const;
  void note(std::string_view bytes, const std::string& what) const;

  std::string name_, port_, tcp_, line_;
  std::chrono::milliseconds timeout_;
  std::chrono::milliseconds gap_{0};    ///< silence between two frames of a serial line
  std::chrono::milliseconds quiet_{0};  ///< a serial line is silent when nothing came for this long
  int wake_fd_;
  TapNote tap_;
  Context context_;
  Request described_{};      ///< by description_, for the tap
  std::string description_;
  std::uint16_t transaction_ = 0;
};

}  // namespace edge
