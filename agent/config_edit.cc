#include "agent/config_edit.h"

#include <toml++/toml.h>

#include <optional>

#include "protocols/bytes.h"

namespace edge {
namespace {

/// Where line `line` (from 1) begins; the end of the text beyond its last one.
std::size_t line_begin(std::string_view text, std::size_t line) {
  std::size_t at = 0;
  for (; line > 1; --line) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  return at;
}

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::optional<toml::table> parsed(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

/// The string literal that begins at `at`: its length, or nothing where it is none or goes over several lines.
std::optional<std::size_t> literal_length(std::string_view text, std::size_t at) {
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return std::nullopt;
  const char quote = text[at];
  if (text.substr(at, 3) == std::string(3, quote)) return std::nullopt;
  for (std::size_t end = at + 1; end < text.size() && text[end] != '\n'; ++end) {
    if (quote == '"' && text[end] == '\\') {
      ++end;
    } else if (text[end] == quote) {
      return end + 1 - at;
    }
  }
  return std::nullopt;
}

/// A value stands behind the '=' of its line; nothing where it does not.
bool replace_value(std::string& text, const toml::node& node, std::string_view value) {
  const auto begin = line_begin(text, node.source().begin.line);
  const auto sign = text.find('=', begin);
  if (sign == std::string::npos) return false;
  const auto at = text.find_first_not_of(" \t", sign + 1);
  const auto length = at == std::string::npos ? std::nullopt : literal_length(text, at);
  if (!length) return false;
  text.replace(at, *length, quoted(value));
  return true;
}

bool set(std::string& text, const ConfigText& wanted) {
  const auto root = parsed(text);
  if (!root) return false;
  const auto line = wanted.key + " = " + quoted(wanted.value) + "\n";
  const toml::node* const section = root->get(wanted.section);
  if (section == nullptr) {
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    text += (text.empty() ? "[" : "\n[") + wanted.section + "]\n" + line;
    return true;
  }
  if (!section->is_table()) return false;
  if (const auto* const node = section->as_table()->get(wanted.key)) return replace_value(text, *node, wanted.value);
  auto below = line_begin(text, section->source().begin.line + 1);
  if (below == text.size() && !text.ends_with('\n')) {
    text += '\n';
    below = text.size();
  }
  text.insert(below, line);
  return true;
}

/// True where `text` says what `before` said, but for these values.
bool says(std::string_view text, toml::table before, std::span<const ConfigText> texts) {
  const auto after = parsed(text);
  for (const auto& wanted : texts) {
    if (!before.contains(wanted.section)) before.insert(wanted.section, toml::table());
    auto* const section = before[wanted.section].as_table();
    if (section == nullptr) return false;
    section->insert_or_assign(wanted.key, wanted.value);
  }
  return after && *after == before;
}

}  // namespace

Result<std::string> with_texts(std::string_view file, std::span<const ConfigText> texts) {
  const auto before = parsed(file);
  if (!before) return fail(Errc::kMalformed, "is no TOML");
  std::string text(file);
  for (const auto& wanted : texts) {
    if (!is_plain_text(wanted.value)) return fail(Errc::kMalformed, wanted.key + " holds characters that are no text");
    if (!set(text, wanted)) {
      return fail(Errc::kMalformed, "[" + wanted.section + "] " + wanted.key + " is written in a way that is not changed here");
    }
  }
  // A file of another style than expected is not damaged: then a person has to write the lines.
  if (!says(text, *before, texts)) return fail(Errc::kMalformed, "could not be changed safely");
  return text;
}

}  // namespace edge
