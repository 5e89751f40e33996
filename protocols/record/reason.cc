#include "protocols/record/reason.h"

#include <algorithm>

#include "protocols/bytes.h"

namespace edge {
namespace {

constexpr std::size_t kCodeLimit = 40;
constexpr std::size_t kDetailLimit = 80;  // characters, not bytes: an Arabic detail is as long as an English one

bool is_code_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

bool breaks_line(std::uint32_t c) { return (c >= 0x0a && c <= 0x0d) || c == 0x85 || c == 0x2028 || c == 0x2029; }

}  // namespace

std::string make_reason(std::string_view code, std::string_view detail) {
  std::string out(code.substr(0, kCodeLimit));
  // Codes are ours; should one be malformed, the record still is a valid record.
  std::replace_if(
      out.begin(), out.end(), [](char c) { return !is_code_char(c); }, '_');
  if (out.empty()) out = "unknown";
  if (detail.empty()) return out;
  return out + ':' + one_line(detail, kDetailLimit);
}

std::string_view reason_code(std::string_view reason) { return reason.substr(0, reason.find(':')); }

bool is_reason_code(std::string_view code) {
  return !code.empty() && code.size() <= kCodeLimit && std::all_of(code.begin(), code.end(), is_code_char);
}

bool is_reason(std::string_view reason) {
  const std::string_view code = reason_code(reason);
  if (!is_reason_code(code)) return false;
  const std::string_view detail = reason.substr(std::min(code.size() + 1, reason.size()));
  std::size_t chars = 0;
  for (std::size_t i = 0; i < detail.size(); ++chars) {
    const Utf8Char c = next_utf8(detail, i);
    if (!c.valid || breaks_line(c.code)) return false;
    i += c.size;
  }
  return chars <= kDetailLimit;
}

}  // namespace edge
