#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocols/record/observation.h"
#include "protocols/result.h"

namespace edge::wire {

/// Fields all records share (wire.md §3).
struct Stamp {
  std::string uid;
  std::int64_t seq = 0;
  std::string site;   ///< empty = missing (gap and amend only)
  std::string epoch;  ///< empty = the batch's
};

struct WeighingGenesis {
  std::string epoch;
  std::int64_t alibi_seq = 0;
  std::string hash;
};

struct Weighing {
  Stamp stamp;
  std::string scale;
  std::int64_t alibi_seq = 0;
  std::int64_t at = 0;
  ClockState clock = ClockState::kSynced;
  std::string boot;
  std::int64_t mono_ms = 0;
  std::optional<std::string> value;
  std::string unit, kg, e, mode, role, stability;
  std::optional<std::int64_t> stable_ms, zero_seen_at;
  std::string spread, profile, checksum, raw_hex;
  bool manual = false;
  std::string operator_id, tare, range, indicator_alibi, override_reason, reason, prev_hash, hash;
  std::optional<WeighingGenesis> genesis;
};

struct ScaleTicket {
  Stamp stamp;
  std::string scale, action, number;
  std::int64_t at = 0;
  std::string direction, unit, gross, tare, net, gross_kg, tare_kg, net_kg, gross_weighing, tare_weighing;
  std::string tare_vehicle;
  std::optional<std::int64_t> tare_at;
  std::string declared_net_kg, order, lot, vehicle, driver, operator_id, stability;
  bool manual = false;
  std::int64_t prints = 0;
  bool mismatch = false;
  std::vector<std::string> reasons;
  std::string difference_kg, difference_pct, policy_version, alibi_hash;
  std::string corrects, voids, reason;
};

struct Gap {
  Stamp stamp;
  std::string device;  ///< empty = several
  std::int64_t from_seq = 0, to_seq = 0, from_at = 0, to_at = 0, count = 0;
  std::string reason;
};

struct Amend {
  Stamp stamp;
  std::string target, cause;
  Flag flag = Flag::kOk;
  std::vector<std::string> reasons;
  std::string policy_version;
  std::optional<std::int64_t> observed_at;
  std::optional<ClockState> clock;
};

/// An observation with what its outbox row adds.
struct ObservationRecord {
  Stamp stamp;  ///< stamp.uid and stamp.site win over the observation's
  Observation observation;
};

using Record = std::variant<ObservationRecord, Weighing, ScaleTicket, Gap, Amend>;

/// "observation" "weighing" "scale_ticket" "gap" "amend".
std::string_view kind_of(const Record& record);

/// One record as its JSON object, keys in wire.md's order, empty optional fields left out. Text that is not
/// UTF-8 cannot come here (raw_text and is_wire_id see to it); should it, it is replaced, never thrown.
std::string encode(const Record& record);
std::string encode_observation(const Stamp& stamp, const Observation& observation);

/// The record in one JSON object; unknown keys are ignored. Errors: kMalformed, kUnsupported (kind).
Result<Record> decode(std::string_view json);

}  // namespace edge::wire
