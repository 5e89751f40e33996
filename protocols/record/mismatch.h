#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/tolerance.h"

namespace edge {

/// A captured weighing that a ticket names, as the judge knows it. Texts as on the wire.
struct WeighingFacts {
  std::string_view scale, value, unit, stability, override_reason;
  bool manual = false;
  std::int64_t at = 0;
};

/// What the rules need to know of a ticket. Numbers are decimal text as somebody wrote them; empty = missing.
struct TicketFacts {
  enum class Origin : std::uint8_t { kEdge, kDesk, kCsv } origin = Origin::kEdge;
  std::string_view site, scale, unit;
  std::int64_t at = 0;  ///< ticket_datetime, UTC ms
  std::string_view gross, tare, net;
  std::string_view declared_net_kg;  ///< <= 0 or empty: not declared
  bool manual = false;
  std::string_view stability;  ///< "Indicator" "Inferred" "None" or empty
  std::string_view direction;  ///< "Receive" (gross first) "Dispatch" (tare first); empty = not known
  /// Edge tickets: the uids it names (empty = none: a stored tare), and what is stored under them (nothing = not here).
  std::string_view gross_weighing, tare_weighing;
  std::optional<WeighingFacts> gross_stored, tare_stored;
};

/// The mismatch rules' word on a ticket. Exact integer arithmetic on grams; no binary float.
struct TicketVerdict {
  bool mismatch = false;
  bool nonconformance = false;       ///< a reason of the first group of design.md §3 stands
  std::vector<std::string> reasons;  ///< worst first
  std::string gross_kg, tare_kg;     ///< gram-rounded with three decimals; empty = missing or no weight
  std::string net;                   ///< gross - tare in `unit`, exact; empty = cannot be computed
  std::string net_kg;                ///< of that net
  std::string difference_kg;         ///< net_kg - declared_net_kg; empty = not declared
  std::string difference_pct;  ///< |difference| / declared × 100, two decimals, half away from zero, <= 999999999.99
  std::string tolerance_pct;   ///< as the policy has it, "2.5" without one
  std::string policy_version;  ///< empty = no policy
};

/// Judges a ticket by the policy of its site at its time (design.md §3 "Mismatch"). Used by the agent and by Frappe.
///
/// With Nonconformance: net_vs_declared:<-3.79%>, net_arithmetic:<net as sent>, gross_below_tare,
/// weight_not_captured:<gross|tare> (edge tickets: the stored weighing has another value, unit or scale, or the gross
/// names no weighing; one that is not stored says nothing here), unit_mismatch:<kg/lb> (the two weighings),
/// preset_tare. mismatch_flag only: no_zero_return, below_min, over_capacity (the code an override of a named weighing
/// begins with), time_order (second weighing before the first, or a weighing after the ticket). Reason only:
/// manual_entry (manual, a manual weighing, Desk, CSV), stability_inferred.
///
/// A weight that is no number, has no unit of mass or is above a million tonnes: net_arithmetic:<field>; a missing one
/// says nothing (a ticket may still be open). A policy without a usable percentage counts as 2.5 %.
TicketVerdict judge_ticket(const TicketFacts& ticket, const ToleranceBook& book);

/// Whether `reason` (code or code:detail) makes a Nonconformance / sets mismatch_flag (every Nonconformance does).
/// Knows all codes of design.md §3, also those that only the server can find.
bool is_nonconformance(std::string_view reason);
bool is_mismatch(std::string_view reason);

}  // namespace edge
