#include "agent/adapters/sqlite_store/salvaged_rows.h"

#include <algorithm>
#include <utility>

#include "agent/adapters/sqlite_store/row_codec.h"
#include "protocols/record/identity.h"
#include "protocols/wire/records.h"

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

void SalvagedRows::add(const StoredRow& row, const EpochSpan* span, std::optional<DeadLetter> letter) {
  place(span, row.id);
  rows_.emplace_back(&row);
  ++salvaged_;
  if (letter) {
    letter->id = last_;
    letters_.push_back(std::move(*letter));
  }
  ++(row.is_document() ? documents_ : readings_);
}

void SalvagedRows::add(const Document& document, RowId id, const EpochSpan& span) {
  place(&span, id);
  rows_.emplace_back(&document);
  ++documents_;
}

Document gap_of(const StoreBody& body, const CorruptRows& lost, const EpochSpan& span) {
  wire::Gap gap;
  gap.from_seq = lost.first_id - span.first_id + 1;
  gap.to_seq = lost.last_id - span.first_id + 1;
  gap.count = lost.count;
  gap.from_at = lost.from_at;
  gap.to_at = lost.to_at;
  gap.reason = "corrupt";
  gap.stamp.epoch = span.epoch;
  gap.stamp.seq = gap.from_seq;
  gap.stamp.uid = uid_of_sequence(body.options.gateway, span.epoch, "gap", std::to_string(gap.stamp.seq));
  Document document;
  document.json = wire::encode(gap);
  document.head.uid = gap.stamp.uid;
  document.head.type = "gap";
  document.head.value = std::to_string(gap.count);
  document.head.received_at = body.clock.utc_ms();
  return document;
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
  if (salvaged_ > 0) sums["salvaged"] += salvaged_;
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
  for (const DeadLetter& letter : letters_) write_letter(letter);
  if (rows_.empty() && lost_ == 0) return;
  Counters sums = body_.ledger.counters;
  count(sums);
  body_.write_counters(sums, last_);
}

void SalvagedRows::write_letter(const DeadLetter& letter) {
  ExceptionRow row;
  row.id = letter.id;
  row.state = RowState::kDead;
  row.settled_at = letter.at;
  body_.put_exception(row);
  SQLite::Statement insert(*body_.db, kInsertLetter);
  insert.bind(1, letter.id);
  insert.bind(2, letter.at);
  insert.bind(3, letter.status);
  insert.bind(4, letter.code);
  insert.bind(5, letter.field);
  insert.bind(6, letter.message);
  insert.exec();
}

void SalvagedRows::book() {
  for (const DeadLetter& letter : letters_) body_.ledger.singled.insert(letter.id);
  body_.ledger.dead += static_cast<std::int64_t>(letters_.size());
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
