#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edge {

/// Ticket number {site_code}-{scale code}-{epoch}-{000001} (wire.md §3): at least six digits. A provisional epoch
/// stays in it.
std::string ticket_number(std::string_view site, std::string_view scale_code, std::string_view epoch,
                          std::int64_t serial);

struct TicketNumber {
  std::string_view series;  ///< everything before the last dash
  std::int64_t serial = 0;
};
/// The parts of a number made by ticket_number() with serials from 1, or nothing (Desk and CSV tickets keep their own
/// numbers). The series are views into `number`.
std::optional<TicketNumber> parse_ticket_number(std::string_view number);

/// True for an epoch as granted (up to 18 decimal digits) or provisional (p and 8 lower-case hex digits).
bool is_epoch(std::string_view epoch);

/// True for a scale's code: [A-Z0-9]{1,8}.
bool is_scale_code(std::string_view code);

/// "gross" "tare" "unknown": what a pass is by direction (domain.md §5.1): Receive weighs the gross first, Dispatch the
/// tare. `pass` is 1 or 2.
std::string_view role_of_pass(std::string_view direction, int pass);

}  // namespace edge
