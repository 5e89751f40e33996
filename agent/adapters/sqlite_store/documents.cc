#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {

Result<void> StoreBody::commit_documents(std::span<const Document> documents, const std::function<void()>& also) {
  const RowId last = ledger.last_id + static_cast<RowId>(documents.size());
  Counters sums = ledger.counters;
  if (!documents.empty()) sums["documents"] += static_cast<std::int64_t>(documents.size());
  const auto write = [&] {
    RowId id = ledger.last_id;
    for (const Document& document : documents) {
      RowTexts texts;
      Use insert(statements->insert);
      bind_document(*insert, ++id, document, texts);
      insert->exec();
    }
    write_counters(sums, last);
    also();
  };
  // A truck on the scale cannot wait for the uplink; the other half stays delivery's, or a full store would stay full.
  if (auto stored = transact_in_reserve(write, bounds.reserve / 2); !stored) {
    refresh_space();
    return stored;
  }
  ledger.last_id = last;
  ledger.counters = std::move(sums);
  counters_written(last);
  if (timer) document_commit = timer->committed(last);
  look_for_space();
  return {};
}

}  // namespace edge
