#include "protocols/record/record_check.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "protocols/bytes.h"
#include "protocols/record/decimal.h"
#include "protocols/record/observation.h"
#include "protocols/record/reason.h"

namespace edge {
namespace {

// 9999-01-01: a year that every database and every time zone can still hold. An unsynced gateway may well say 1970.
constexpr std::int64_t kTimeLimit = 253'370'764'800'000;
constexpr std::size_t kReasonsLimit = 64;
constexpr std::size_t kNameLimit = 140;  // bytes; a Frappe Data column

constexpr std::array<std::string_view, 6> kGapReasons = {"thinned_ok",     "thinned_invalid",   "thinned_warning",
                                                         "thinned_folded", "dead_letter_bound", "corrupt"};
constexpr std::array<std::string_view, 5> kAmendCauses = {"spike", "flat_line", "clock", "rejudge", "neighbour"};

enum class Need { kMandatory, kOptional };

/// Collects the first thing wrong; later checks are then skipped.
class Checker {
 public:
  /// A text for which `good` holds; `form` says in words what it should be.
  template <class Good>
  void text(const char* name, const FieldText& field, Need need, std::string_view form, Good good) {
    if (first_ || !present(name, field.kind == FieldText::Kind::kMissing, need)) return;
    if (field.kind != FieldText::Kind::kText || !good(field.text)) malformed(name, form);
  }
  void integer(const char* name, const FieldInt& field, Need need, std::int64_t least, std::int64_t most) {
    if (first_ || !present(name, field.kind == FieldInt::Kind::kMissing, need)) return;
    if (field.kind != FieldInt::Kind::kInt || field.value < least || field.value > most) {
      malformed(name, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
    }
  }
  /// No text longer than `limit` bytes.
  void length(const char* name, const FieldText& field, std::size_t limit) {
    if (first_ || field.kind != FieldText::Kind::kText || field.text.size() <= limit) return;
    first_ = Rejection{RejectCode::kTooLong, name,
                       std::string(name) + " is longer than " + std::to_string(limit) + " bytes."};
  }
  void uid(const FieldText& field) {
    if (first_ || (field.kind == FieldText::Kind::kText && is_lower_hex(field.text, 32))) return;
    first_ = Rejection{RejectCode::kBadUid, "uid", "uid is not 32 lower-case hex digits."};
  }
  void reasons(bool present, const std::vector<std::string_view>& list) {
    if (first_) return;
    if (!present) return malformed("reasons", "a list of texts");
    if (list.size() > kReasonsLimit) {
      first_ = Rejection{RejectCode::kTooLong, "reasons", "reasons has more than 64 entries."};
    } else if (!std::all_of(list.begin(), list.end(), is_reason)) {
      malformed("reasons", "a list of code or code:detail");
    }
  }
  void require(const char* name, bool holds, std::string_view form) {
    if (!first_ && !holds) malformed(name, form);
  }
  std::optional<Rejection> first() && { return std::move(first_); }

 private:
  bool present(const char* name, bool missing, Need need) {
    if (missing && need == Need::kMandatory) {
      first_ = Rejection{RejectCode::kMalformed, name, std::string(name) + " is missing."};
    }
    return !missing;
  }
  void malformed(const char* name, std::string_view form) {
    first_ = Rejection{RejectCode::kMalformed, name, std::string(name) + " is not " + std::string(form) + "."};
  }

  std::optional<Rejection> first_;
};

bool is_value(std::string_view text) { return is_decimal(text) && is_storable(text); }

template <std::size_t N>
auto one_of(const std::array<std::string_view, N>& names) {
  return [&names](std::string_view text) { return std::find(names.begin(), names.end(), text) != names.end(); };
}

void check_id(Checker& check, const char* name, const FieldText& field, Need need) {
  check.length(name, field, 64);
  check.text(name, field, need, "an id of letters, digits and . _ : -", is_wire_id);
}

void check_value(Checker& check, const char* name, const FieldText& field) {
  check.length(name, field, kDecimalLimit);
  check.text(name, field, Need::kOptional, "a decimal that can be stored", is_value);
}

void check_short_text(Checker& check, const char* name, const FieldText& field) {
  check.length(name, field, kNameLimit);
  check.text(name, field, Need::kOptional, "UTF-8 text", is_utf8);
}

void check_flag(Checker& check, const FieldText& field) {
  check.text("flag", field, Need::kMandatory, "OK, Warning, Quarantine or Invalid",
             [](std::string_view text) { return flag_from(text).has_value(); });
}

void check_clock(Checker& check, const FieldText& field, Need need) {
  check.text("clock", field, need, "synced, unsynced or corrected",
             [](std::string_view text) { return clock_state_from(text).has_value(); });
}

void check_seq(Checker& check, const char* name, const FieldInt& field) {
  check.integer(name, field, Need::kMandatory, 1, INT64_MAX);
}

void check_time(Checker& check, const char* name, const FieldInt& field, Need need) {
  check.integer(name, field, need, 0, kTimeLimit);
}

void check_raw(Checker& check, const ObservationFields& fields) {
  check.length("raw", fields.raw, kRawLimit);
  check.text("raw", fields.raw, Need::kMandatory, "UTF-8 text", is_utf8);
  check.integer("raw_bytes", fields.raw_bytes, Need::kMandatory, 0, INT64_MAX);
  check.text("raw_sha256", fields.raw_sha256, Need::kMandatory, "64 lower-case hex digits",
             [](std::string_view text) { return is_lower_hex(text, 64); });
}

}  // namespace

std::string_view to_text(RejectCode code) {
  switch (code) {
    case RejectCode::kMalformed:
      return "malformed";
    case RejectCode::kUnknownKind:
      return "unknown_kind";
    case RejectCode::kBadUid:
      return "bad_uid";
    case RejectCode::kTooLong:
      return "too_long";
  }
  return "malformed";
}

std::optional<Rejection> check_observation(const ObservationFields& fields) {
  Checker check;
  check.uid(fields.uid);
  check_seq(check, "seq", fields.seq);
  check.text("identity", fields.identity, Need::kMandatory, "content, received or polled",
             [](std::string_view text) { return identity_from(text).has_value(); });
  check_id(check, "site", fields.site, Need::kMandatory);
  check_id(check, "device", fields.device, Need::kMandatory);
  check.length("type", fields.type, 64);
  check.text("type", fields.type, Need::kMandatory, "a type of a-z, 0-9, _ and .", is_wire_type);
  check.integer("index", fields.index, Need::kOptional, 0, INT32_MAX);
  check_time(check, "observed_at", fields.observed_at, Need::kMandatory);
  check_time(check, "received_at", fields.received_at, Need::kMandatory);
  check.text("time_source", fields.time_source, Need::kMandatory, "device or receive",
             [](std::string_view text) { return time_source_from(text).has_value(); });
  check_clock(check, fields.clock, Need::kMandatory);
  check_value(check, "value", fields.value);
  check_short_text(check, "unit", fields.unit);
  check_value(check, "value_in", fields.value_in);
  check_short_text(check, "unit_in", fields.unit_in);
  check_flag(check, fields.flag);
  check.reasons(fields.has_reasons, fields.reasons);
  check_short_text(check, "policy_version", fields.policy_version);
  check_raw(check, fields);
  return std::move(check).first();
}

std::optional<Rejection> check_gap(const GapFields& fields) {
  Checker check;
  check.uid(fields.uid);
  check_seq(check, "seq", fields.seq);
  check_id(check, "site", fields.site, Need::kOptional);
  check_id(check, "device", fields.device, Need::kOptional);
  check_seq(check, "from_seq", fields.from_seq);
  check_seq(check, "to_seq", fields.to_seq);
  check.require("to_seq", fields.to_seq.value >= fields.from_seq.value, "at or above from_seq");
  // Not compared: a clock that was set back makes a later row the earlier one.
  check_time(check, "from_at", fields.from_at, Need::kMandatory);
  check_time(check, "to_at", fields.to_at, Need::kMandatory);
  check_seq(check, "count", fields.count);
  // Both are at least 1, so the difference cannot overflow.
  check.require("count", fields.count.value - 1 <= fields.to_seq.value - fields.from_seq.value,
                "at most the rows from from_seq to to_seq");
  check.text("reason", fields.reason, Need::kMandatory, "a known reason of a gap", one_of(kGapReasons));
  return std::move(check).first();
}

std::optional<Rejection> check_amend(const AmendFields& fields) {
  Checker check;
  check.uid(fields.uid);
  check_seq(check, "seq", fields.seq);
  check_id(check, "site", fields.site, Need::kOptional);
  check.text("target", fields.target, Need::kMandatory, "32 lower-case hex digits",
             [](std::string_view text) { return is_lower_hex(text, 32); });
  check.text("cause", fields.cause, Need::kMandatory, "a known cause of an amendment", one_of(kAmendCauses));
  check_flag(check, fields.flag);
  check.reasons(fields.has_reasons, fields.reasons);
  check_short_text(check, "policy_version", fields.policy_version);
  const bool is_clock = fields.cause.text == "clock";
  check_time(check, "observed_at", fields.observed_at, is_clock ? Need::kMandatory : Need::kOptional);
  check_clock(check, fields.clock, Need::kOptional);
  return std::move(check).first();
}

}  // namespace edge
