#include "protocols/record/field_checker.h"

#include "protocols/bytes.h"
#include "protocols/record/decimal.h"
#include "protocols/record/observation.h"
#include "protocols/record/reason.h"

namespace edge {
namespace {

// 9999-01-01: a year that every database and every time zone can still hold. An unsynced gateway may well say 1970.
constexpr std::int64_t kTimeLimit = 253'370'764'800'000;
constexpr std::size_t kIdLimit = 64;
constexpr std::size_t kReasonsLimit = 64;
constexpr std::size_t kNameLimit = 140;
constexpr std::size_t kNoteLimit = 500;

}  // namespace

void FieldChecker::boolean(const char* name, const FieldBool& field) {
  require(name, field.kind != FieldBool::Kind::kOther, "true or false");
}

void FieldChecker::uid(const FieldText& field) {
  if (first_ || (field.kind == FieldText::Kind::kText && is_lower_hex(field.text, 32))) return;
  first_ = Rejection{RejectCode::kBadUid, "uid", "uid is not 32 lower-case hex digits."};
}

void FieldChecker::uid_is(const FieldText& field, std::string_view want) {
  if (first_ || field.text == want) return;
  first_ = Rejection{RejectCode::kBadUid, "uid", "uid is not the one of this gateway, epoch and record."};
}

void FieldChecker::reasons(bool present, const std::vector<std::string_view>& list) {
  if (first_) return;
  if (!present) return malformed("reasons", "a list of texts");
  if (list.size() > kReasonsLimit) {
    first_ = Rejection{RejectCode::kTooLong, "reasons", "reasons has more than 64 entries."};
  } else if (!std::all_of(list.begin(), list.end(), is_reason)) {
    malformed("reasons", "a list of code or code:detail");
  }
}

void FieldChecker::require(const char* name, bool holds, std::string_view form) {
  if (!first_ && !holds) malformed(name, form);
}

void FieldChecker::id(const char* name, const FieldText& field, Need need) {
  length(name, field, kIdLimit);
  text(name, field, need, "an id of letters, digits and . _ : -", is_wire_id);
}

void FieldChecker::value(const char* name, const FieldText& field, Need need) {
  length(name, field, kDecimalLimit);
  text(name, field, need, "a decimal that can be stored",
       [](std::string_view text) { return is_decimal(text) && is_storable(text); });
}

void FieldChecker::name(const char* name, const FieldText& field, Need need) {
  length(name, field, kNameLimit);
  text(name, field, need, "UTF-8 text", is_utf8);
}

void FieldChecker::note(const char* name, const FieldText& field, Need need) {
  length(name, field, kNoteLimit);
  text(name, field, need, "UTF-8 text", is_utf8);
}

void FieldChecker::hex(const char* name, const FieldText& field, Need need, std::size_t digits) {
  if (is_good_text(name, field, need, [=](std::string_view text) { return is_lower_hex(text, digits); })) return;
  malformed(name, std::to_string(digits) + " lower-case hex digits");
}

void FieldChecker::clock(const FieldText& field, Need need) {
  text("clock", field, need, "synced, unsynced or corrected",
       [](std::string_view text) { return clock_state_from(text).has_value(); });
}

void FieldChecker::seq(const char* name, const FieldInt& field) {
  integer(name, field, Need::kMandatory, 1, INT64_MAX);
}

void FieldChecker::time(const char* name, const FieldInt& field, Need need) {
  integer(name, field, need, 0, kTimeLimit);
}

void FieldChecker::missing(const char* name, const FieldText& field, std::string_view why) {
  require(name, field.kind == FieldText::Kind::kMissing, why);
}

void FieldChecker::absent(const char* name) {
  first_ = Rejection{RejectCode::kMalformed, name, std::string(name) + " is missing."};
}

void FieldChecker::malformed(const char* name, std::string_view form) {
  first_ = Rejection{RejectCode::kMalformed, name, std::string(name) + " is not " + std::string(form) + "."};
}

void FieldChecker::not_between(const char* name, std::int64_t least, std::int64_t most) {
  malformed(name, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
}

void FieldChecker::too_long(const char* name, std::size_t limit) {
  first_ =
      Rejection{RejectCode::kTooLong, name, std::string(name) + " is longer than " + std::to_string(limit) + " bytes."};
}

}  // namespace edge
