#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocols/record/policy.h"

namespace edge {

/// What an excursion is about (design.md §3): the bands of one side are one matter that gets worse and better
/// ("max": warning_max, critical_max, valid_max; "min" likewise), any other code is a matter of its own.
/// The view is of `code` or static.
std::string_view excursion_matter(std::string_view code);

/// What is asked of an OK reading that comes after the last flagged one.
struct Calm {
  std::string_view site;
  std::string_view type;
  std::string_view code;                  ///< the excursion's, without detail
  std::optional<std::string_view> value;  ///< canonical decimal text
};

/// Whether that OK reading ends the excursion. After a band was left the value must be back inside the best band of
/// that side (warning, else critical, else valid) by `clear_hysteresis`, so that a value at the limit does not raise
/// an alarm each minute. Of a band that is narrower the half counts: something must be able to clear. Any other code
/// ends with the first OK reading. The policy is the book's of today; without one there is nothing to swing about.
bool ends_excursion(const Calm& calm, const PolicyBook& book);

/// How long a band must be left before that is an excursion (on_delay_s of the policy), ms. Other codes: 0; the edge
/// has waited for those that need time.
std::int64_t excursion_delay_ms(std::string_view site, std::string_view type, std::string_view code,
                                const PolicyBook& book);

/// How long after the last flagged row of `type` a good one ends its excursion, ms; 0: any later one does. What could
/// not be read (type `unparsed`) has no OK rows of its own: the device's others speak, after an hour without another
/// one, so that a device that sends one such message a minute makes one excursion.
std::int64_t excursion_quiet_ms(std::string_view type);

/// Whether `value` is worse than `peak` for a matter: higher beyond "max", lower beyond "min"; of others the first
/// stays. An empty peak is worse than nothing.
bool is_worse_peak(std::string_view matter, std::string_view value, std::string_view peak);

}  // namespace edge
