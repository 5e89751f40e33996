#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "protocols/record/observation.h"

namespace edge {

/// uid of a reading with its own usable time or a unique id: form `content` of wire.md §2.
struct ContentIdentity {
  std::string_view site, device, metric;
  int index = 0;
  std::string_view payload;  ///< the whole message as received
};
std::string uid_of_content(const ContentIdentity& parts);

/// uid of everything else: form `sequence`. `key` is the outbox seq as text for observation, gap and amend,
/// "{scale}/{alibi_seq}" for weighing, the ticket number for scale_ticket, "void/{target uid}" for a void.
std::string uid_of_sequence(std::string_view gateway, std::string_view epoch, std::string_view kind,
                            std::string_view key);

/// identity_hash by kind (wire.md §2): what must be the same for a second arrival to be a duplicate.
std::string identity_of_observation(std::string_view site, std::string_view device, std::int64_t observed_at,
                                    std::string_view type, std::string_view value, std::string_view unit);
struct TicketIdentity {
  std::string_view site, number, gross, tare, net, unit, gross_weighing, tare_weighing;
};
std::string identity_of_ticket(const TicketIdentity& parts);
std::string identity_of_weighing(std::string_view hash);
std::string identity_of_gap(std::string_view device, std::int64_t from_seq, std::int64_t to_seq, std::int64_t count);
/// `observed_at`: empty text where the amend carries none.
std::string identity_of_amend(std::string_view target, std::string_view cause, std::string_view flag,
                              std::string_view observed_at);

}  // namespace edge
