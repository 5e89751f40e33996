#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace edge::wire {

/// Appends `text` to `out` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Writes one JSON value key by key, in the order of the calls. By hand, because an observation is encoded on the
/// path of every message and a DOM would sort, copy and allocate. Keys are ours and are not escaped.
class JsonWriter {
 public:
  explicit JsonWriter(std::size_t reserve = 256) { out_.reserve(reserve); }

  JsonWriter& begin_object(std::string_view key = {});
  JsonWriter& end_object();
  JsonWriter& begin_array(std::string_view key = {});
  JsonWriter& end_array();

  JsonWriter& text(std::string_view key, std::string_view value);
  JsonWriter& integer(std::string_view key, std::int64_t value);
  JsonWriter& boolean(std::string_view key, bool value);
  JsonWriter& null(std::string_view key);
  /// Not for values: those are decimal texts. A number that is not finite is null.
  JsonWriter& real(std::string_view key, double value);
  JsonWriter& texts(std::string_view key, std::span<const std::string> values);
  /// JSON that is already encoded.
  JsonWriter& json(std::string_view key, std::string_view value);

  /// Leaves the key out where the value is missing.
  JsonWriter& text_if(std::string_view key, std::string_view value);
  JsonWriter& integer_if(std::string_view key, const std::optional<std::int64_t>& value);
  /// Writes null where the value is missing.
  JsonWriter& text_or_null(std::string_view key, std::string_view value);
  JsonWriter& integer_or_null(std::string_view key, const std::optional<std::int64_t>& value);

  std::string take() { return std::move(out_); }

 private:
  void start(std::string_view key);

  std::string out_;
};

}  // namespace edge::wire
