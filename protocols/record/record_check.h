#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// Codes a record is rejected with (wire.md §4).
enum class RejectCode { kMalformed, kUnknownKind, kBadUid, kTooLong };
std::string_view to_text(RejectCode code);

struct Rejection {
  RejectCode code = RejectCode::kMalformed;
  std::string field;
  std::string message;  ///< one sentence for a person
};

/// A field of a record as the caller's JSON reader found it; views live as long as the caller's text.
struct FieldText {
  enum class Kind { kMissing, kText, kOther } kind = Kind::kMissing;
  std::string_view text;
};
struct FieldInt {
  enum class Kind { kMissing, kInt, kOther } kind = Kind::kMissing;
  std::int64_t value = 0;
};

/// The fields of an observation record that its form is checked by.
struct ObservationFields {
  FieldText uid, identity, site, device, type, time_source, clock, value, unit, value_in, unit_in, flag, raw,
      raw_sha256, policy_version;
  FieldInt seq, index, observed_at, received_at, raw_bytes;
  bool has_reasons = false;
  std::vector<std::string_view> reasons;
};
/// First thing wrong with the form of an observation, or nothing. An unknown device is not wrong here.
std::optional<Rejection> check_observation(const ObservationFields& fields);

struct GapFields {
  FieldText uid, site, device, reason;
  FieldInt seq, from_seq, to_seq, from_at, to_at, count;
};
std::optional<Rejection> check_gap(const GapFields& fields);

struct AmendFields {
  FieldText uid, site, target, cause, flag, policy_version, clock;
  FieldInt seq, observed_at;
  bool has_reasons = false;
  std::vector<std::string_view> reasons;
};
std::optional<Rejection> check_amend(const AmendFields& fields);

}  // namespace edge
