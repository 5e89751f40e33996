#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// Quality flag, better to worse; the order is the rule "worst wins".
enum class Flag : std::uint8_t { kOk = 0, kWarning = 1, kQuarantine = 2, kInvalid = 3 };
/// Where a uid comes from (wire.md §2): the content, the gateway's sequence of a received message, a poll.
enum class Identity : std::uint8_t { kContent = 0, kReceived = 1, kPolled = 2 };
enum class TimeSource : std::uint8_t { kDevice = 0, kReceive = 1 };
/// State of the gateway's clock when it received the reading.
enum class ClockState : std::uint8_t { kSynced = 0, kUnsynced = 1, kCorrected = 2 };

std::string_view to_text(Flag flag);          // "OK" "Warning" "Quarantine" "Invalid"
std::string_view to_text(Identity identity);  // "content" "received" "polled"
std::string_view to_text(TimeSource source);  // "device" "receive"
std::string_view to_text(ClockState state);   // "synced" "unsynced" "corrected"
std::optional<Flag> flag_from(std::string_view text);
std::optional<Identity> identity_from(std::string_view text);
std::optional<TimeSource> time_source_from(std::string_view text);
std::optional<ClockState> clock_state_from(std::string_view text);

inline Flag worse(Flag a, Flag b) { return a < b ? b : a; }

/// Several flagged rows of one device and code within a minute, as one (design.md §3).
struct Fold {
  std::int64_t count = 0;
  std::int64_t first_at = 0;
  std::int64_t last_at = 0;
  std::string last_raw;
  std::int64_t last_row = 0;  ///< of the gateway's outbox; does not travel
};

/// A summary of a period where the site reports by interval.
struct Aggregate {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::string min, mean, max, last;
  std::int64_t count = 0;
};

/// One observation record (wire.md §3). Times are UTC ms. What the edge measured: never edited.
struct Observation {
  std::string uid;
  Identity identity = Identity::kContent;
  std::string site;
  std::string device;
  std::string type;
  int index = 0;
  std::int64_t observed_at = 0;
  std::int64_t received_at = 0;
  TimeSource time_source = TimeSource::kReceive;
  ClockState clock = ClockState::kSynced;
  std::string boot;          ///< first 8 hex digits of the boot id
  std::int64_t mono_ms = 0;  ///< since that boot
  std::optional<std::string> value;
  std::string unit;
  std::optional<std::string> value_in;  ///< before conversion
  std::string unit_in;
  Flag flag = Flag::kOk;
  std::vector<std::string> reasons;  ///< worst first
  std::string policy_version;        ///< empty = judged without a policy
  bool backfilled = false;
  std::string raw;
  std::int64_t raw_bytes = 0;
  std::string raw_sha256;
  std::optional<Fold> fold;
  std::optional<Aggregate> aggregate;
};

}  // namespace edge
