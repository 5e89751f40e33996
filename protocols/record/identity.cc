#include "protocols/record/identity.h"

#include "protocols/record/sha256.h"

namespace edge {
namespace {

LengthPrefixed identity_hash(std::string_view kind) {
  LengthPrefixed hash;
  hash.text("edge-identity-1").text(kind);
  return hash;
}

}  // namespace

std::string uid_of_content(const ContentIdentity& parts) {
  LengthPrefixed hash;
  hash.text("edge-uid-1").text("content").text(parts.site).text(parts.device).text(parts.metric);
  return hash.number(parts.index).text(parts.payload).hex32();
}

std::string uid_of_sequence(std::string_view gateway, std::string_view epoch, std::string_view kind,
                            std::string_view key) {
  LengthPrefixed hash;
  return hash.text("edge-uid-1").text("sequence").text(gateway).text(epoch).text(kind).text(key).hex32();
}

std::string identity_of_observation(std::string_view site, std::string_view device, std::int64_t observed_at,
                                    std::string_view type, std::string_view value, std::string_view unit) {
  LengthPrefixed hash = identity_hash("observation");
  return hash.text(site).text(device).number(observed_at).text(type).text(value).text(unit).hex32();
}

std::string identity_of_ticket(const TicketIdentity& parts) {
  LengthPrefixed hash = identity_hash("scale_ticket");
  hash.text(parts.site).text(parts.number).text(parts.gross).text(parts.tare).text(parts.net).text(parts.unit);
  return hash.text(parts.gross_weighing).text(parts.tare_weighing).hex32();
}

std::string identity_of_weighing(std::string_view hash) { return identity_hash("weighing").text(hash).hex32(); }

std::string identity_of_gap(std::string_view device, std::int64_t from_seq, std::int64_t to_seq, std::int64_t count) {
  return identity_hash("gap").text(device).number(from_seq).number(to_seq).number(count).hex32();
}

std::string identity_of_amend(std::string_view target, std::string_view cause, std::string_view flag,
                              std::string_view observed_at) {
  return identity_hash("amend").text(target).text(cause).text(flag).text(observed_at).hex32();
}

}  // namespace edge
