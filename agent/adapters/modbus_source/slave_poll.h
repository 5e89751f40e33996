#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "protocols/modbus/register_map.h"

namespace edge {

/// What came of one question.
struct ModbusAnswer {
  enum class Kind : std::uint8_t {
    kRead,       ///< the registers asked for
    kException,  ///< the slave is there and says no
    kNone,       ///< nothing in time, or a gateway says that the slave is silent
    kUnusable,   ///< bytes that are no answer to this question
    kLineDown,   ///< the port or connection is gone
  };
  Kind kind = Kind::kNone;
  modbus::Registers registers;
  std::string error;  ///< for a technician; empty with kRead
};

/// Asks one question at a time.
class ModbusLine {
 public:
  virtual ~ModbusLine() = default;
  /// Returns the answer or why there is none. Bytes that arrived before the question are never part of the answer.
  virtual ModbusAnswer ask(int unit, int function, modbus::ReadSpan span) = 0;
};

/// When one slave is asked and for what.
///
/// A slave that fails waits for `every`, twice that, and so on up to `longest`; any answer ends that.
///
/// An answer that comes after its time is up must never be taken for a later question's. On a serial line an answer
/// carries the unit, the function and the number of registers and nothing else, and no pause is long enough to be sure.
/// So no number of registers is asked for again while an answer with that number may still come. Until then the slave
/// is asked a probe: a number of registers that nothing else under way has. A slave answers in the order it was asked,
/// so an answer to a probe shows that no earlier one can come any more. An exception has no number: it may be that of
/// the oldest question under way, and settles no more than this one. Nothing is expected later than kLatest: a slave
/// that answers no probe is asked its own question again after that. Its first question is a probe too: the process
/// before this one may have asked. Not thread-safe.
class SlavePoll {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// No device is expected to answer later than this.
  static constexpr std::chrono::seconds kLatest{30};

  struct Settings {
    int unit = 1;
    std::chrono::milliseconds every{10'000};
    std::chrono::milliseconds longest{60'000};  ///< between two tries of a slave that fails
  };
  SlavePoll(const modbus::RegisterMap& map, Settings settings, Time first);

  /// All registers of the map, or the first failure. One probe at most.
  ModbusAnswer read(ModbusLine& line, Time now);
  /// Sets the next time by what came of it; `now` is after the answer.
  void settle(ModbusAnswer::Kind kind, Time now);
  Time due() const { return due_; }

 private:
  /// A question that was not answered in time: its answer may still come.
  struct Missed {
    Time asked;
    std::uint16_t count;
  };
  bool may_ask(std::uint16_t count) const;
  modbus::ReadSpan probe() const;
  /// Asks and keeps `missed_`.
  ModbusAnswer ask(ModbusLine& line, modbus::ReadSpan span, Time now);

  Settings settings_;
  int function_;
  std::vector<modbus::ReadSpan> plan_;
  Time due_;
  int failures_ = 0;
  std::deque<Missed> missed_;  ///< oldest first
};

}  // namespace edge
