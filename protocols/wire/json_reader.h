#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/record_check.h"

/// Reading JSON of the wire without exceptions: every accessor is total. Only for the .cc files of this folder.
namespace edge::wire {

/// The object in `text`, or nothing where it is no JSON or no object.
std::optional<nlohmann::json> parse_object(std::string_view text);

/// The value of `key`; null where it is missing or JSON null (both mean "unknown", wire.md).
const nlohmann::json* find(const nlohmann::json& object, const char* key);
/// The object under `key`, else null.
const nlohmann::json* find_object(const nlohmann::json& object, const char* key);

/// As the record rules want to see a field.
FieldText field_text(const nlohmann::json& object, const char* key);
FieldInt field_int(const nlohmann::json& object, const char* key);

/// The text or integer of `key`; empty where it is missing or something else.
std::string text_or_empty(const nlohmann::json& object, const char* key);
std::optional<std::int64_t> int_or_none(const nlohmann::json& object, const char* key);

}  // namespace edge::wire
