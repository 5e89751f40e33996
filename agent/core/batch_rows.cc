#include "agent/core/batch_rows.h"

#include <utility>

#include "protocols/wire/gateway.h"
#include "protocols/wire/records.h"

namespace edge {

std::string encode_rows(const wire::BatchHead& head, std::vector<PendingRow>& rows) {
  std::vector<std::string> records;
  records.reserve(rows.size());
  std::size_t bytes = wire::batch_overhead(head);
  for (const PendingRow& row : rows) {
    const Observation& o = row.observation;
    const std::string epoch = row.epoch == head.epoch ? std::string() : row.epoch;
    std::string record =
        row.document.empty() ? wire::encode_observation({o.uid, row.seq, o.site, epoch}, o) : row.document;
    if (!records.empty() && bytes + record.size() + 1 > wire::kBatchBytes) break;
    bytes += record.size() + 1;
    records.push_back(std::move(record));
  }
  rows.resize(records.size());
  return wire::encode_batch(head, records);
}

}  // namespace edge
