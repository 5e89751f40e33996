#include "protocols/wire/weighing_link.h"

namespace edge::wire {

WeighingLink link_of(const Weighing& w, std::string_view gateway) {
  WeighingLink link;
  link.prev_hash = w.prev_hash;
  link.gateway = gateway, link.site = w.stamp.site, link.scale = w.scale, link.epoch = w.stamp.epoch;
  link.alibi_seq = w.alibi_seq, link.at = w.at;
  if (w.value) link.value = *w.value;
  link.unit = w.unit, link.e = w.e, link.mode = w.mode, link.role = w.role, link.stability = w.stability;
  link.raw_hex = w.raw_hex, link.indicator_alibi = w.indicator_alibi, link.manual = w.manual;
  link.operator_id = w.operator_id;
  link.override_or_reason = w.override_reason.empty() ? w.reason : w.override_reason;
  if (w.genesis) link.genesis = GenesisLink{w.genesis->epoch, w.genesis->alibi_seq, w.genesis->hash};
  return link;
}

}  // namespace edge::wire
