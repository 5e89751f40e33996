#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/record_check.h"

namespace edge {

enum class Need : std::uint8_t { kMandatory, kOptional };

/// What record_check.h's checks are made of: collects the first thing wrong; later checks are then skipped.
class FieldChecker {
 public:
  /// A text for which `good` holds; `form` says in words what it should be.
  template <class Good>
  void text(const char* name, const FieldText& field, Need need, std::string_view form, Good good) {
    if (is_good_text(name, field, need, good)) return;
    malformed(name, form);
  }
  void integer(const char* name, const FieldInt& field, Need need, std::int64_t least, std::int64_t most) {
    if (first_ || !present(name, field.kind == FieldInt::Kind::kMissing, need)) return;
    if (field.kind != FieldInt::Kind::kInt || field.value < least || field.value > most) {
      not_between(name, least, most);
    }
  }
  void boolean(const char* name, const FieldBool& field);
  /// No text longer than `limit` bytes.
  void length(const char* name, const FieldText& field, std::size_t limit) {
    if (first_ || field.kind != FieldText::Kind::kText || field.text.size() <= limit) return;
    too_long(name, limit);
  }
  void uid(const FieldText& field);
  /// `uid` must be `want`, which is made of fields that were found good.
  void uid_is(const FieldText& field, std::string_view want);
  void reasons(bool present, const std::vector<std::string_view>& list);
  void require(const char* name, bool holds, std::string_view form);

  /// An id of the wire (a site, device or scale).
  void id(const char* name, const FieldText& field, Need need);
  /// A decimal that a column can hold.
  void value(const char* name, const FieldText& field, Need need);
  /// Text of at most 140 bytes: a Frappe Data column.
  void name(const char* name, const FieldText& field, Need need);
  /// What a person wrote: UTF-8 of at most 500 bytes.
  void note(const char* name, const FieldText& field, Need need);
  void hex(const char* name, const FieldText& field, Need need, std::size_t digits);
  void clock(const FieldText& field, Need need);
  void seq(const char* name, const FieldInt& field);
  /// UTC ms from 1970 to 9998.
  void time(const char* name, const FieldInt& field, Need need);
  void missing(const char* name, const FieldText& field, std::string_view why);

  /// True while nothing is wrong.
  bool passed() const { return !first_; }
  std::optional<Rejection> first() && { return std::move(first_); }

 private:
  /// False where there is nothing to look at; a mandatory one is then wrong.
  bool present(const char* name, bool missing, Need need) {
    if (missing && need == Need::kMandatory) absent(name);
    return !missing;
  }
  /// True also where there is nothing to say of it: something before it is wrong, or it is missing.
  template <class Good>
  bool is_good_text(const char* name, const FieldText& field, Need need, Good good) {
    if (first_ || !present(name, field.kind == FieldText::Kind::kMissing, need)) return true;
    return field.kind == FieldText::Kind::kText && good(field.text);
  }
  // What is wrong is put into words apart from the checks: hardly ever, and never where a record is good.
  void absent(const char* name);
  void malformed(const char* name, std::string_view form);
  void not_between(const char* name, std::int64_t least, std::int64_t most);
  void too_long(const char* name, std::size_t limit);

  std::optional<Rejection> first_;
};

template <std::size_t N>
auto one_of(const std::array<std::string_view, N>& names) {
  return [&names](std::string_view text) { return std::find(names.begin(), names.end(), text) != names.end(); };
}

}  // namespace edge
