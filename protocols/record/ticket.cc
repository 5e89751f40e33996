#include "protocols/record/ticket.h"

#include <algorithm>
#include <charconv>

#include "protocols/bytes.h"

namespace edge {
namespace {

constexpr std::size_t kSerialDigits = 6;
constexpr std::size_t kEpochDigits = 18;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Cuts the part after the last dash off `text` and returns it; empty where there is no dash.
std::string_view take_last_part(std::string_view& text) {
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view part = text.substr(dash + 1);
  text = text.substr(0, dash);
  return part;
}

/// At least six digits; more only where they are needed.
std::optional<std::int64_t> parse_serial(std::string_view text) {
  if (!is_digits(text) || text.size() < kSerialDigits) return std::nullopt;
  if (text.size() > kSerialDigits && text.front() == '0') return std::nullopt;
  std::int64_t serial = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), serial);
  if (read.ec != std::errc{} || serial < 1) return std::nullopt;
  return serial;
}

}  // namespace

std::string ticket_number(std::string_view site, std::string_view scale_code, std::string_view epoch,
                          std::int64_t serial) {
  std::string digits = std::to_string(serial);
  if (digits.size() < kSerialDigits) digits.insert(0, kSerialDigits - digits.size(), '0');
  std::string number(site);
  for (const std::string_view part : {scale_code, epoch, std::string_view(digits)}) number.append("-").append(part);
  return number;
}

std::optional<TicketNumber> parse_ticket_number(std::string_view number) {
  std::string_view rest = number;
  const auto serial = parse_serial(take_last_part(rest));
  const std::string_view series = rest;
  const std::string_view epoch = take_last_part(rest);
  const std::string_view code = take_last_part(rest);
  if (!serial || !is_epoch(epoch) || !is_scale_code(code) || !is_wire_id(rest)) return std::nullopt;
  return TicketNumber{series, *serial};
}

bool is_epoch(std::string_view epoch) {
  if (epoch.starts_with('p')) return is_lower_hex(epoch.substr(1), 8);
  return is_digits(epoch) && epoch.size() <= kEpochDigits;
}

bool is_scale_code(std::string_view code) {
  constexpr std::size_t kLimit = 8;
  return !code.empty() && code.size() <= kLimit &&
         std::all_of(code.begin(), code.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

std::string_view role_of_pass(std::string_view direction, int pass) {
  if (pass != 1 && pass != 2) return "unknown";
  if (direction == "Receive") return pass == 1 ? "gross" : "tare";
  if (direction == "Dispatch") return pass == 1 ? "tare" : "gross";
  return "unknown";
}

}  // namespace edge
