#include "protocols/wire/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "protocols/bytes.h"

namespace edge::wire {
namespace {

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      static constexpr std::string_view kHex = "0123456789abcdef";
      out += "\\u00";
      out += kHex[c >> 4U];
      out += kHex[c & 15U];
  }
}

bool is_ordinary(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    std::size_t run = i;
    while (run < text.size() && is_ordinary(text[run])) ++run;
    out += text.substr(i, run - i);
    i = run;
    if (i == text.size()) break;
    const Utf8Char c = next_utf8(text, i);
    if (!c.valid) {
      out += "\xef\xbf\xbd";
    } else if (c.size == 1) {
      append_escaped(out, static_cast<unsigned char>(text[i]));
    } else {
      out += text.substr(i, c.size);
    }
    i += c.size;
  }
  out += '"';
}

void JsonWriter::start(std::string_view key) {
  if (!out_.empty() && out_.back() != '{' && out_.back() != '[') out_ += ',';
  if (key.empty()) return;
  out_ += '"';
  out_ += key;
  out_ += "\":";
}

JsonWriter& JsonWriter::begin_object(std::string_view key) {
  start(key);
  out_ += '{';
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  return *this;
}

JsonWriter& JsonWriter::begin_array(std::string_view key) {
  start(key);
  out_ += '[';
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view key, std::string_view value) {
  start(key);
  append_json_string(out_, value);
  return *this;
}

JsonWriter& JsonWriter::integer(std::string_view key, std::int64_t value) {
  start(key);
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out_.append(digits.data(), end.ptr);
  return *this;
}

JsonWriter& JsonWriter::boolean(std::string_view key, bool value) { return json(key, value ? "true" : "false"); }

JsonWriter& JsonWriter::null(std::string_view key) { return json(key, "null"); }

JsonWriter& JsonWriter::real(std::string_view key, double value) {
  if (!std::isfinite(value)) return null(key);
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return json(key, {digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

JsonWriter& JsonWriter::texts(std::string_view key, std::span<const std::string> values) {
  begin_array(key);
  for (const std::string& value : values) text({}, value);
  return end_array();
}

JsonWriter& JsonWriter::json(std::string_view key, std::string_view value) {
  start(key);
  out_ += value;
  return *this;
}

JsonWriter& JsonWriter::text_if(std::string_view key, std::string_view value) {
  return value.empty() ? *this : text(key, value);
}

JsonWriter& JsonWriter::integer_if(std::string_view key, const std::optional<std::int64_t>& value) {
  return value ? integer(key, *value) : *this;
}

JsonWriter& JsonWriter::text_or_null(std::string_view key, std::string_view value) {
  return value.empty() ? null(key) : text(key, value);
}

JsonWriter& JsonWriter::integer_or_null(std::string_view key, const std::optional<std::int64_t>& value) {
  return value ? integer(key, *value) : null(key);
}

}  // namespace edge::wire
