#include "protocols/record/observation.h"

#include <array>

namespace edge {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 4> kFlags = {"OK", "Warning", "Quarantine", "Invalid"};
constexpr std::array<std::string_view, 3> kIdentities = {"content", "received", "polled"};
constexpr std::array<std::string_view, 2> kTimeSources = {"device", "receive"};
constexpr std::array<std::string_view, 3> kClockStates = {"synced", "unsynced", "corrected"};

template <class Enum, std::size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, Enum value) {
  const auto at = static_cast<std::size_t>(value);
  return at < N ? names[at] : std::string_view{};
}

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const std::array<std::string_view, N>& names, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_text(Flag flag) { return name_of(kFlags, flag); }
std::string_view to_text(Identity identity) { return name_of(kIdentities, identity); }
std::string_view to_text(TimeSource source) { return name_of(kTimeSources, source); }
std::string_view to_text(ClockState state) { return name_of(kClockStates, state); }

std::optional<Flag> flag_from(std::string_view text) { return value_of<Flag>(kFlags, text); }
std::optional<Identity> identity_from(std::string_view text) { return value_of<Identity>(kIdentities, text); }
std::optional<TimeSource> time_source_from(std::string_view text) { return value_of<TimeSource>(kTimeSources, text); }
std::optional<ClockState> clock_state_from(std::string_view text) { return value_of<ClockState>(kClockStates, text); }

}  // namespace edge
