#pragma once
#include <cstdint>
#include <string>

#include "agent/ports/store.h"
#include "protocols/record/tolerance.h"
#include "protocols/wire/records.h"

namespace edge {

/// What an open ticket becomes a finished one with.
struct TicketPasses {
  wire::Weighing first, second;
  std::string direction;  ///< "Receive": the first is the gross; "Dispatch": the first is the tare
  std::string operator_id;
  std::int64_t at = 0;  ///< UTC ms
};

/// The ticket record of both passes, judged by `book` (design.md §3 "Mismatch"), without its number. The net is gross -
/// tare exactly, below zero too; weights in two units are told in kilograms. Never guesses which pass was which.
wire::ScaleTicket ticket_record(const OpenTicket& open, const TicketPasses& passes, const ToleranceBook& book);

}  // namespace edge
