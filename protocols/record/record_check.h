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

struct FieldBool {
  enum class Kind { kMissing, kBool, kOther } kind = Kind::kMissing;
  bool value = false;
};

/// The fields of a weighing record: its form, and everything its hash is made of (wire.md §3).
struct WeighingFields {
  FieldText uid, site, scale, epoch, clock, boot, value, unit, kg, e, mode, role, stability, spread, profile, checksum,
      raw_hex, operator_id, tare, range, indicator_alibi, override_reason, reason, prev_hash, hash;
  FieldInt seq, alibi_seq, at, mono_ms, stable_ms, zero_seen_at;
  FieldBool manual;
  bool has_genesis = false;  ///< genesis is an object
  bool bad_genesis = false;  ///< genesis is something else
  FieldText genesis_epoch, genesis_hash;
  FieldInt genesis_alibi_seq;
};
/// Also checks that `kg` is value × unit, that `uid` is the one of (gateway, epoch, scale/alibi_seq) and that `hash` is
/// that of the content: what was changed on the way is refused. `batch_epoch` where the record names none. Role
/// genesis (alibi_seq 0): no value, prev_hash of zeros. override and reason: at most 500 bytes.
std::optional<Rejection> check_weighing(const WeighingFields& fields, std::string_view gateway,
                                        std::string_view batch_epoch);
/// The hash of what the fields say (chain.h), whatever they say.
std::string hash_of_weighing(const WeighingFields& fields, std::string_view gateway, std::string_view batch_epoch);

struct TicketFields {
  FieldText uid, site, scale, epoch, action, number, direction, unit, gross, tare, net, gross_kg, tare_kg, net_kg,
      gross_weighing, tare_weighing, tare_vehicle, declared_net_kg, order, lot, vehicle, driver, operator_id, stability,
      difference_kg, difference_pct, policy_version, alibi_hash, corrects, voids, reason;
  FieldInt seq, at, tare_at, prints;
  FieldBool manual, mismatch;
  bool has_reasons = false;
  std::vector<std::string_view> reasons;
};
/// action complete and correct need scale, number, direction and weights, correct needs `corrects`, void needs `voids`
/// and `reason` alone. What the numbers say is judged by mismatch.h, never refused here.
/// The uid must be the one of (gateway, epoch, number) or (gateway, epoch, void/target).
std::optional<Rejection> check_ticket(const TicketFields& fields, std::string_view gateway,
                                      std::string_view batch_epoch);

}  // namespace edge
