#include "agent/adapters/sqlite_store/gaps.h"

#include <algorithm>

#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/record/identity.h"

namespace edge {
namespace {

constexpr std::int64_t kLongestMs = 3'600'000;  ///< of the time one record speaks of

bool is_of_one_hour(const wire::Gap& gap, const Loss& loss) {
  return std::max(gap.to_at, loss.to_at) - std::min(gap.from_at, loss.from_at) <= kLongestMs;
}

wire::Gap first_of(const Loss& loss) {
  wire::Gap gap;
  gap.stamp.site = loss.site;
  gap.device = loss.device;
  gap.from_at = loss.from_at;
  gap.to_at = loss.to_at;
  gap.count = loss.count;
  gap.reason = loss.reason;
  return gap;
}

void widen(wire::Gap& gap, const Loss& loss) {
  if (gap.stamp.site != loss.site) gap.stamp.site.clear();
  if (gap.device != loss.device || gap.stamp.site.empty()) gap.device.clear();
  gap.from_at = std::min(gap.from_at, loss.from_at);
  gap.to_at = std::max(gap.to_at, loss.to_at);
  gap.count += loss.count;
}

}  // namespace

void Loss::add(RowId id, RowId last, std::int64_t at, std::int64_t readings, const std::string& of_site,
               const std::string& of_device) {
  if (count == 0) {
    from = id;
    to = last;
    from_at = to_at = at;
    site = of_site;
    device = of_device;
  }
  if (site != of_site) site.clear();
  if (device != of_device || site.empty()) device.clear();
  from = std::min(from, id);
  to = std::max({to, id, last});
  from_at = std::min(from_at, at);
  to_at = std::max(to_at, at);
  count += readings;
}

GapRow GapBook::plan(const StoreBody& body, const Loss& loss) const {
  const EpochSpan& epoch = body.epoch_of(loss.from);
  const auto seq = [&](RowId id) { return id - epoch.first_id + 1; };
  const auto known = newest_.find(loss.reason);
  if (known != newest_.end() && known->second.gap.stamp.epoch == epoch.epoch && body.is_document_untold(known->second.id) &&
      is_of_one_hour(known->second.gap, loss)) {
    GapRow wider = known->second;
    wider.is_new = false;
    widen(wider.gap, loss);
    wider.gap.from_seq = std::min(wider.gap.from_seq, seq(loss.from));
    wider.gap.to_seq = std::max(wider.gap.to_seq, seq(loss.to));
    return wider;
  }
  GapRow row{body.ledger.last_id + 1, true, first_of(loss)};
  row.gap.from_seq = seq(loss.from);
  row.gap.to_seq = seq(loss.to);
  row.gap.stamp.epoch = epoch.epoch;
  row.gap.stamp.seq = seq(row.id);
  row.gap.stamp.uid =
      uid_of_sequence(body.options.gateway, epoch.epoch, "gap", std::to_string(row.gap.stamp.seq));
  return row;
}

void GapBook::note(const GapRow& row) { newest_[row.gap.reason] = row; }

void write_gap(StoreBody& body, const GapRow& row) {
  Document document;
  document.json = wire::encode(row.gap);
  Observation& head = document.head;
  head.uid = row.gap.stamp.uid;
  head.site = row.gap.stamp.site;
  head.device = row.gap.device;
  head.type = "gap";
  head.value = std::to_string(row.gap.count);
  head.received_at = body.clock.utc_ms();
  if (!row.is_new) {
    // Written anew rather than changed: whatever the codec keeps beside the record is right again.
    SQLite::Statement remove(*body.db, "DELETE FROM outbox WHERE id = ?");
    remove.bind(1, row.id);
    remove.exec();
  }
  RowTexts texts;
  Use insert(body.statements->insert);
  bind_document(*insert, row.id, document, texts);
  insert->exec();
}

}  // namespace edge
