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
    : body_(body), now_(now), upto_(body.ledger.sent_upto) {
  const Ledger& ledger = body.ledger;
  // Only what was handed out: the cursor never passes a row nobody has tried.
  const RowId tried = ledger.tried.empty() ? ledger.sent_upto : ledger.tried.back().last_id;
  for (const Outcome& outcome : outcomes) {
    if (outcome.id < 1 || outcome.id > std::min(tried, ledger.last_id)) continue;
    outcomes_.push_back(&outcome);
    upto_ = std::max(upto_, outcome.id);
  }
  std::ranges::stable_sort(outcomes_, {}, &Outcome::id);
  const auto same = [](const Outcome* a, const Outcome* b) { return a->id == b->id; };
  outcomes_.erase(std::unique(outcomes_.begin(), outcomes_.end(), same), outcomes_.end());
}

void Settlement::write() {
  gain_ = {};
  auto next = outcomes_.begin();
  for (; next != outcomes_.end() && (*next)->id <= body_.ledger.sent_upto; ++next) settle_put_off(**next);
  for (RowId id = body_.ledger.sent_upto + 1; id <= upto_; ++id) {
    const bool named = next != outcomes_.end() && (*next)->id == id;
    settle_fresh(id, named ? *next : nullptr);
    if (named) ++next;
  }
  Use cursor(body_.statements->set_cursor);
  cursor->bind(1, upto_);
  cursor->bind(2, body_.ledger.sent + gain_.sent);
  cursor->exec();
  if (!body_.ledger.tried.empty() && body_.ledger.tried.front().last_id <= upto_) {
    SQLite::Statement done(*body_.db, "DELETE FROM tried WHERE last_id <= ?");
    done.bind(1, upto_);
    done.exec();
  }
  note_sent();
}

void Settlement::settle_fresh(RowId id, const Outcome* outcome) {
  ExceptionRow row;
  row.id = id;
  row.first_tried_at = body_.first_tried(id);
  Use there(body_.statements->received_at);
  there->bind(1, id);
  if (!there->executeStep()) {
    ++gain_.holes;
    return;
  }
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
  row->settled_at = now_;
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
  SQLite::Statement insert(*body_.db,
                           "INSERT OR REPLACE INTO dead_letter(id, at, status, code, field, message) "
                           "VALUES(?,?,?,?,?,?)");
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
  const std::int64_t since = now_ - body_.ledger.last_mark_at;
  marked_ = gain_.sent > 0 && (since >= kMarkEveryMs || since <= -kMarkEveryMs);
  if (!marked_) return;
  SQLite::Statement insert(*body_.db, "INSERT OR REPLACE INTO sent_mark(upto, at) VALUES(?, ?)");
  insert.bind(1, upto_);
  insert.bind(2, now_);
  insert.exec();
}

void Settlement::book() {
  Ledger& ledger = body_.ledger;
  ledger.sent_upto = upto_;
  ledger.sent += gain_.sent;
  ledger.holes -= gain_.holes;
  ledger.later += gain_.later;
  ledger.dead += gain_.dead;
  if (marked_) ledger.last_mark_at = now_;
  std::erase_if(ledger.tried, [this](const TriedSpan& span) { return span.last_id <= upto_; });
}

}  // namespace edge
