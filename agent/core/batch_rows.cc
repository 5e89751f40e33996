#include "agent/core/batch_rows.h"

#include <utility>

#include "protocols/wire/gateway.h"
#include "protocols/wire/records.h"

namespace edge {
namespace {

/// The number of a batch may have more digits by the time it goes.
constexpr std::size_t kRoomOfHead = 16;

}  // namespace

EncodedRows encode_rows(std::vector<PendingRow> rows, const wire::BatchHead& head) {
  EncodedRows encoded;
  encoded.epoch = head.epoch;
  encoded.records.reserve(rows.size());
  std::size_t bytes = wire::batch_overhead(head) + kRoomOfHead;
  for (const PendingRow& row : rows) {
    const Observation& o = row.observation;
    const std::string epoch = row.epoch == head.epoch ? std::string() : row.epoch;
    std::string record =
        row.document.empty() ? wire::encode_observation({o.uid, row.seq, o.site, epoch}, o) : row.document;
    if (!encoded.records.empty() && bytes + record.size() + 1 > wire::kBatchBytes) break;
    bytes += record.size() + 1;
    encoded.records.push_back(std::move(record));
  }
  encoded.cut = encoded.records.size() < rows.size();
  rows.resize(encoded.records.size());
  encoded.rows = std::move(rows);
  return encoded;
}

}  // namespace edge
