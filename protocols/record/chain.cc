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

}  // namespace edge
