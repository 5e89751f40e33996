#include "protocols/wire/json_reader.h"

#include <limits>

namespace edge::wire {

using Json = nlohmann::json;

std::optional<Json> parse_object(std::string_view text) {
  Json root = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return std::nullopt;
  return root;
}

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

const Json* find_object(const Json& object, const char* key) {
  const Json* const value = find(object, key);
  return value != nullptr && value->is_object() ? value : nullptr;
}

FieldText field_text(const Json& object, const char* key) {
  const Json* const value = find(object, key);
  if (value == nullptr) return {};
  const auto* const text = value->get_ptr<const std::string*>();
  if (text == nullptr) return {FieldText::Kind::kOther, {}};
  return {FieldText::Kind::kText, *text};
}

FieldInt field_int(const Json& object, const char* key) {
  const Json* const value = find(object, key);
  if (value == nullptr) return {};
  const bool too_big =
      value->is_number_unsigned() && *value->get_ptr<const Json::number_unsigned_t*>() >
                                         static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!value->is_number_integer() || too_big) return {FieldInt::Kind::kOther, 0};
  return {FieldInt::Kind::kInt, value->get<std::int64_t>()};
}

std::string text_or_empty(const Json& object, const char* key) { return std::string(field_text(object, key).text); }

std::optional<std::int64_t> int_or_none(const Json& object, const char* key) {
  const FieldInt field = field_int(object, key);
  if (field.kind != FieldInt::Kind::kInt) return std::nullopt;
  return field.value;
}

}  // namespace edge::wire
