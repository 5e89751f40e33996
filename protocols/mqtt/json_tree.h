#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "protocols/result.h"

namespace edge {

/// A JSON value that keeps the characters of its numbers: a DOM would turn 28.50 into 28.5.
struct JsonNode {
  enum class Kind { kNull, kBool, kNumber, kText, kObject, kArray } kind = Kind::kNull;
  std::string key;   ///< where it is a member of an object
  std::string text;  ///< of a number, text or bool
  std::vector<JsonNode> children;

  /// Member `name`, else null. Of a key that stands twice the last counts.
  const JsonNode* member(std::string_view name) const;
  /// The value an RFC 6901 pointer names, else null.
  const JsonNode* at(std::string_view pointer) const;
};

/// Parses one payload within the limits of json_decoder.h. Errors: kMalformed, kTooLarge.
Result<JsonNode> parse_json_tree(std::string_view payload);

}  // namespace edge
