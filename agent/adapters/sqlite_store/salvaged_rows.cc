#include "agent/adapters/sqlite_store/salvaged_rows.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/sqlite_store/row_codec.h"

namespace edge {

SalvagedRows::SalvagedRows(StoreBody& body)
    : body_(body), last_(body.ledger.last_id), next_seq_(body.next_seq()) {}

void SalvagedRows::place(const EpochSpan* span, RowId old_id) {
  const RowId id = ++last_;
  EpochSpan mine = body_.epochs.back();
  if (span != nullptr) {
    mine = *span;
    mine.first_id = id - (old_id - span->first_id);
  } else {
    mine.first_id = id - next_seq_ + 1;
    ++next_seq_;
  }
  mine.from_id = id;
  // Rows that follow each other go on in one span; so do those of the batch before where nothing came in between.
  const EpochSpan* before = nullptr;
  if (!spans_.empty()) {
    before = &spans_.back();
  } else {
    for (auto one = body_.epochs.rbegin(); before == nullptr && one != body_.epochs.rend(); ++one) {
      if (one->from_id < id) before = &*one;
    }
  }
  if (before != nullptr && before->epoch == mine.epoch && before->first_id == mine.first_id) return;
  spans_.push_back(std::move(mine));
}

void SalvagedRows::add(const StoredRow& row, const EpochSpan* span) {
  place(span, row.id);
  rows_.emplace_back(&row);
  ++(row.is_document() ? documents_ : readings_);
}

void SalvagedRows::add(const Document& document, RowId id, const EpochSpan& span) {
  place(&span, id);
  rows_.emplace_back(&document);
  ++documents_;
}

EpochSpan SalvagedRows::present() const {
  EpochSpan span = body_.epochs.back();
  span.from_id = last_ + 1;
  span.first_id = last_ + 1 - next_seq_ + 1;
  return span;
}

void SalvagedRows::count(Counters& sums) const {
  if (readings_ > 0) sums["readings"] += readings_;
  if (documents_ > 0) sums["documents"] += documents_;
  if (!rows_.empty()) sums["salvaged"] += readings_ + documents_;
  if (lost_ > 0) sums["lost.corrupt"] += lost_;
}

void SalvagedRows::write() {
  RowId id = body_.ledger.last_id;
  for (const auto& row : rows_) {
    RowTexts texts;
    Use insert(body_.statements->insert);
    if (const auto* const stored = std::get_if<const StoredRow*>(&row)) {
      bind_stored(*insert, ++id, **stored);
    } else {
      bind_document(*insert, ++id, *std::get<const Document*>(row), texts);
    }
    insert->exec();
  }
  if (!rows_.empty()) {
    SQLite::Statement clear(*body_.db, "DELETE FROM span WHERE from_id > ?");
    clear.bind(1, body_.ledger.last_id);
    clear.exec();
    for (const EpochSpan& span : spans_) body_.write_span(span);
    body_.write_span(present());
  }
  if (rows_.empty() && lost_ == 0) return;
  Counters sums = body_.ledger.counters;
  count(sums);
  body_.write_counters(sums, last_);
}

void SalvagedRows::book() {
  count(body_.ledger.counters);
  if (!rows_.empty()) {
    EpochSpan behind = present();
    while (!body_.epochs.empty() && body_.epochs.back().from_id > body_.ledger.last_id) body_.epochs.pop_back();
    for (EpochSpan& span : spans_) body_.epochs.push_back(std::move(span));
    body_.epochs.push_back(std::move(behind));
  }
  body_.ledger.last_id = last_;
  if (!rows_.empty() || lost_ > 0) body_.counters_written(last_);
  body_.look_for_space();
}

}  // namespace edge
