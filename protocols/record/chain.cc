#include "protocols/record/chain.h"

#include "protocols/record/sha256.h"

namespace edge {

std::string weighing_hash(const WeighingLink& link) {
  LengthPrefixed hash;
  hash.text("edge-weighing-1").text(link.prev_hash).text(link.gateway).text(link.site).text(link.scale);
  hash.text(link.epoch).number(link.alibi_seq).number(link.at).text(link.value).text(link.unit).text(link.e);
  hash.text(link.mode).text(link.role).text(link.stability).text(link.raw_hex).text(link.indicator_alibi);
  hash.number(link.manual ? 1 : 0).text(link.operator_id).text(link.override_or_reason);
  if (link.genesis) {
    hash.text(link.genesis->epoch).number(link.genesis->alibi_seq).text(link.genesis->hash);
  } else if (link.role == "genesis") {
    hash.text({}).text({}).text({});
  }
  return hash.hex64();
}

ChainWalk::Fault ChainWalk::step(const WeighingLink& link, std::string_view hash) {
  if (fault_ != Fault::kNone) return fault_;
  fault_ = fault_of(link, hash);
  if (fault_ != Fault::kNone) return fault_;
  ++steps_;
  head_ = hash;
  head_seq_ = link.alibi_seq;
  return fault_;
}

ChainWalk::Fault ChainWalk::fault_of(const WeighingLink& link, std::string_view hash) const {
  if (head_seq_ < 0) {
    if (link.role != "genesis" || link.alibi_seq != 0 || link.prev_hash != kNoHash) return Fault::kNoGenesis;
  } else if (link.alibi_seq <= head_seq_ || link.alibi_seq - head_seq_ != 1) {
    return Fault::kGap;
  } else if (link.prev_hash != head_) {
    return Fault::kBroken;
  }
  return weighing_hash(link) == hash ? Fault::kNone : Fault::kChanged;
}

std::string_view to_text(ChainWalk::Fault fault) {
  switch (fault) {
    case ChainWalk::Fault::kNone:
      return "";
    case ChainWalk::Fault::kNoGenesis:
      return "no_genesis";
    case ChainWalk::Fault::kGap:
      return "gap";
    case ChainWalk::Fault::kBroken:
      return "broken";
    case ChainWalk::Fault::kChanged:
      return "changed";
  }
  return "changed";
}

}  // namespace edge
