#include "agent/adapters/sqlite_store/settlement.h"

#include <algorithm>
#include <string>

#include "protocols/bytes.h"

namespace edge {
namespace {

constexpr std::int64_t kMarkEveryMs = 600'000;  ///< between two notes of what was sent by when
constexpr std::size_t kServerWords = 1000;      ///< bytes kept of a server's message

std::string cut(const std::string& text) { return std::string(cut_utf8(text, kServerWords)); }

}  // namespace

Settlement::Settlement(StoreBody& body, std::span<const Outcome> outcomes, std::int64_t now)
    : body_(body),
      now_(now),
      backlog_region_(body.backlog_region()),
      live_region_(body.live_region()),
      tried_backlog_(body.tried_upto(backlog_region_)),
      tried_live_(body.tried_upto(live_region_)),
      upto_(backlog_region_.after),
      live_upto_(live_region_.after) {
  Outcomes all;
  for (const Outcome& outcome : outcomes) all.push_back(&outcome);
  std::ranges::stable_sort(all, {}, &Outcome::id);
  const auto same = [](const Outcome* a, const Outcome* b) { return a->id == b->id; };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  for (const Outcome* outcome : all) sort_out(*outcome);
  cursor_ = body.with_pieces(upto_);
  if (!live_.empty() && cursor_ >= live_region_.after) cursor_ = std::max(cursor_, live_upto_);
}

/// Only what was handed out: the cursor never passes a row nobody has tried.
void Settlement::sort_out(const Outcome& outcome) {
  const RowId id = outcome.id;
  if (body_.out_of_turn.contains(id) && !body_.is_ahead(id)) {
    out_of_turn_.push_back(&outcome);
  } else if (id <= body_.ledger.sent_upto || body_.is_ahead(id)) {
    put_off_.push_back(&outcome);
  } else if (id <= tried_backlog_) {
    backlog_.push_back(&outcome);
    upto_ = id;
  } else if (id > live_region_.after && id <= tried_live_) {
    live_.push_back(&outcome);
    live_upto_ = id;
  }
}

void Settlement::write() {
  gain_ = {};
  for (const Outcome* outcome : put_off_) settle_put_off(*outcome);
  for (const Outcome* outcome : out_of_turn_) settle_out_of_turn(*outcome);
  advance(backlog_region_.after, backlog_);
  advance(live_region_.after, live_);
  if (!live_.empty()) write_live();
  body_.write_cursor(cursor_, body_.ledger.sent + gain_.sent, body_.ledger.holes - gain_.holes_passed);
  note_sent();
}

void Settlement::advance(RowId after, const Outcomes& named) {
  for (const Outcome* outcome : named) {
    if (outcome->id > after + 1) pass_over(after + 1, outcome->id - 1);
    settle_fresh(outcome->id, outcome);
    after = outcome->id;
  }
}

/// Ids without a word of the server: rows that wait as exceptions now, rows settled before, and rows that are gone.
void Settlement::pass_over(RowId first, RowId last) {
  std::vector<RowId> there;
  SQLite::Statement select(*body_.db, "SELECT id FROM outbox WHERE id BETWEEN ? AND ?");
  select.bind(1, first);
  select.bind(2, last);
  while (select.executeStep()) there.push_back(select.getColumn(0).getInt64());
  gain_.holes_passed += last - first + 1 - static_cast<std::int64_t>(there.size());
  for (const RowId id : there) {
    const bool settled = body_.ledger.singled.contains(id) ||
                         std::ranges::any_of(out_of_turn_, [id](const Outcome* one) { return one->id == id; });
    if (!settled) settle_fresh(id, nullptr);
  }
}

void Settlement::write_live() {
  SQLite::Statement piece(*body_.db, "UPDATE ahead SET last_id = ? WHERE first_id = ?");
  piece.bind(1, live_upto_);
  piece.bind(2, body_.ledger.ahead.back().first_id);
  piece.exec();
  SQLite::Statement tried(*body_.db, "DELETE FROM tried WHERE last_id > ? AND last_id <= ?");
  tried.bind(1, live_region_.after);
  tried.bind(2, live_upto_);
  tried.exec();
}

void Settlement::settle_out_of_turn(const Outcome& outcome) {
  ExceptionRow row;
  row.id = outcome.id;
  row.first_tried_at = now_;
  if (outcome.kind == Outcome::Kind::kDead) {
    set_dead(row, outcome);
  } else if (outcome.kind == Outcome::Kind::kLater) {
    put_off(row, outcome);
    ++gain_.later;
  } else {
    row.state = RowState::kSentLate;
    row.settled_at = body_.retention_ms();
    body_.put_exception(row);
    ++gain_.sent;
  }
}

void Settlement::settle_fresh(RowId id, const Outcome* outcome) {
  ExceptionRow row;
  row.id = id;
  row.first_tried_at = body_.first_tried(id);
  if (outcome == nullptr) {  // passed over: it waits as an exception, due at once
    body_.put_exception(row);
    ++gain_.later;
  } else if (outcome->kind == Outcome::Kind::kSent) {
    ++gain_.sent;
  } else if (outcome->kind == Outcome::Kind::kDead) {
    set_dead(row, *outcome);
  } else {
    put_off(row, *outcome);
    ++gain_.later;
  }
}

void Settlement::settle_put_off(const Outcome& outcome) {
  auto row = body_.get_exception(outcome.id);
  if (!row || row->state != RowState::kLater) return;  // settled already
  if (outcome.kind == Outcome::Kind::kLater) {
    put_off(*row, outcome);
    return;
  }
  --gain_.later;
  if (outcome.kind == Outcome::Kind::kDead) {
    set_dead(*row, outcome);
    return;
  }
  row->state = RowState::kSentLate;
  row->settled_at = body_.retention_ms();
  body_.put_exception(*row);
  ++gain_.sent;
}

void Settlement::put_off(ExceptionRow row, const Outcome& outcome) {
  row.not_before = outcome.not_before;
  ++row.put_off;
  if (outcome.refused && row.first_refused_at == 0) row.first_refused_at = now_;
  body_.put_exception(row);
}

void Settlement::set_dead(ExceptionRow row, const Outcome& outcome) {
  row.state = RowState::kDead;
  row.settled_at = now_;
  body_.put_exception(row);
  SQLite::Statement insert(*body_.db, kInsertLetter);
  insert.bind(1, outcome.id);
  insert.bind(2, now_);
  insert.bind(3, cut(outcome.status));
  insert.bind(4, cut(outcome.code));
  insert.bind(5, cut(outcome.field));
  insert.bind(6, cut(outcome.message));
  insert.exec();
  ++gain_.dead;
}

// Rows carry no time of sending: now and then the cursor is noted with the time, and the purge goes by these notes.
void Settlement::note_sent() {
  marked_at_ = body_.retention_ms();
  const std::int64_t since = marked_at_ - body_.ledger.last_mark_at;
  marked_ = gain_.sent > 0 && (since >= kMarkEveryMs || since <= -kMarkEveryMs);
  if (!marked_) return;
  SQLite::Statement insert(*body_.db, "INSERT OR REPLACE INTO sent_mark(upto, at) VALUES(?, ?)");
  insert.bind(1, cursor_);
  insert.bind(2, marked_at_);
  insert.exec();
}

void Settlement::book() {
  Ledger& ledger = body_.ledger;
  ledger.sent += gain_.sent;
  ledger.later += gain_.later;
  ledger.dead += gain_.dead;
  if (marked_) ledger.last_mark_at = marked_at_;
  for (const Outcome* outcome : out_of_turn_) ledger.singled.insert(outcome->id);
  if (!live_.empty()) {
    ledger.ahead.back().last_id = live_upto_;
    const auto in_live = ledger.singled.upper_bound(live_region_.after);
    ledger.singled.erase(in_live, ledger.singled.upper_bound(live_upto_));
    std::erase_if(ledger.tried, [this](const TriedSpan& span) {
      return span.last_id > live_region_.after && span.last_id <= live_upto_;
    });
  }
  body_.cursor_written(cursor_, ledger.holes - gain_.holes_passed);
}

}  // namespace edge
