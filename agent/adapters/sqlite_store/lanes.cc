#include <algorithm>
#include <iterator>

#include "agent/adapters/sqlite_store/store_body.h"

// Where the rows that wait lie: the cursor, above it the pieces already settled (the live lane's among them), and
// between them the backlog. The cursor takes a piece in when it reaches it, so after a while there is one lane again.
namespace edge {
namespace {

/// Rows waiting from which on new ones go ahead of them: four requests.
constexpr std::int64_t kBacklogRows = 2'000;
/// Rows of the live lane waiting from which on still newer ones get a lane of their own: an outage in a drain.
constexpr std::int64_t kLiveLag = 10'000;
/// Pieces kept apart at once.
constexpr std::size_t kMostPieces = 64;

std::int64_t length(Region region) { return std::max<std::int64_t>(region.upto - region.after, 0); }

}  // namespace

std::vector<Region> StoreBody::waiting_regions() const {
  std::vector<Region> regions;
  RowId after = ledger.sent_upto;
  for (const AheadRange& piece : ledger.ahead) {
    regions.push_back({after, piece.first_id - 1});
    after = piece.last_id;
  }
  regions.push_back({after, ledger.last_id});
  return regions;
}

Region StoreBody::backlog_region() const {
  return {ledger.sent_upto, ledger.ahead.empty() ? ledger.last_id : ledger.ahead.front().first_id - 1};
}

Region StoreBody::live_region() const {
  if (ledger.ahead.empty()) return {ledger.last_id, ledger.last_id};
  return {ledger.ahead.back().last_id, ledger.last_id};
}

RowId StoreBody::tried_upto(Region region) const {
  RowId upto = region.after;
  for (const TriedSpan& span : ledger.tried) {
    if (span.last_id > upto && span.last_id <= region.upto) upto = span.last_id;
  }
  return upto;
}

std::int64_t StoreBody::waiting_in(Region region) const {
  const auto from = ledger.singled.upper_bound(region.after), to = ledger.singled.upper_bound(region.upto);
  return length(region) - std::distance(from, to);
}

void StoreBody::pick_region(Region region, std::size_t limit, std::int64_t now, std::vector<PendingRow>& rows) {
  rows.reserve(limit);
  Use lane(statements->region);
  lane->bind(1, region.after);
  lane->bind(2, region.upto);
  lane->bind(3, static_cast<std::int64_t>(limit + ledger.singled.size()));
  while (rows.size() < limit && lane->executeStep()) {
    const RowId id = lane->getColumn(0).getInt64();
    if (ledger.singled.contains(id) || out_of_turn.contains(id)) continue;
    const std::int64_t tried = first_tried(id);
    rows.push_back(pending_row(*lane, tried == 0 ? now : tried));
  }
}

bool StoreBody::is_ahead(RowId id) const {
  return ledger.singled.contains(id) || std::ranges::any_of(ledger.ahead, [id](const AheadRange& piece) {
           return piece.first_id <= id && id <= piece.last_id;
         });
}

void StoreBody::pick_documents(RowId upto, std::size_t limit, std::int64_t now, std::vector<PendingRow>& rows) {
  Use select(statements->documents);
  select->bind(1, ledger.sent_upto);
  select->bind(2, upto);
  while (out_of_turn.size() < limit && select->executeStep()) {
    const RowId id = select->getColumn(0).getInt64();
    if (!is_ahead(id)) out_of_turn.insert(id);
  }
  if (!out_of_turn.empty()) documents_told = std::max(documents_told, *out_of_turn.rbegin());
  Use fresh(statements->fresh);
  for (const RowId id : out_of_turn) {
    fresh->bind(1, id - 1);
    fresh->bind(2, 1);
    if (fresh->executeStep()) rows.push_back(pending_row(*fresh, now));
    fresh->reset();
  }
}

std::vector<PendingRow> StoreBody::pick_live(std::size_t limit, std::int64_t now) {
  std::vector<PendingRow> rows;
  out_of_turn.clear();
  const bool split = !ledger.ahead.empty();
  const Region live = live_region();
  const auto most = static_cast<std::int64_t>(limit);
  if (!split && waiting_in(backlog_region()) - ledger.holes <= most) return rows;
  // A document that goes in this request anyway keeps its place.
  const bool in_turn = split && waiting_in(live) <= most;
  pick_documents(in_turn ? live.after : ledger.last_id, limit, now, rows);
  if (split) pick_region(live, limit, now, rows);
  return rows;
}

Result<void> StoreBody::split_lanes() {
  const bool split = !ledger.ahead.empty();
  const std::int64_t waiting = waiting_in(split ? live_region() : backlog_region()) - (split ? 0 : ledger.holes);
  if (waiting <= (split ? kLiveLag : kBacklogRows) || ledger.ahead.size() >= kMostPieces) return {};
  const AheadRange live{ledger.last_id + 1, ledger.last_id};
  const auto noted = transact_in_reserve([&] {
    SQLite::Statement insert(*db, "INSERT INTO ahead(first_id, last_id) VALUES(?, ?)");
    insert.bind(1, live.first_id);
    insert.bind(2, live.last_id);
    insert.exec();
  });
  if (!noted) return noted;
  ledger.ahead.push_back(live);
  return {};
}

RowId StoreBody::with_pieces(RowId cursor) const {
  for (const AheadRange& piece : ledger.ahead) {
    if (piece.first_id <= cursor + 1) cursor = std::max(cursor, piece.last_id);
  }
  return cursor;
}

void StoreBody::write_cursor(RowId sent_upto, std::int64_t sent, std::int64_t holes) {
  Use cursor(statements->set_cursor);
  cursor->bind(1, sent_upto);
  cursor->bind(2, sent);
  cursor->bind(3, holes);
  cursor->exec();
  if (!ledger.ahead.empty() && ledger.ahead.front().first_id <= sent_upto + 1) {
    SQLite::Statement pieces(*db, "DELETE FROM ahead WHERE first_id <= ?");
    pieces.bind(1, sent_upto + 1);
    pieces.exec();
  }
  if (!ledger.tried.empty() && ledger.tried.front().last_id <= sent_upto) {
    SQLite::Statement done(*db, "DELETE FROM tried WHERE last_id <= ?");
    done.bind(1, sent_upto);
    done.exec();
  }
}

void StoreBody::cursor_written(RowId sent_upto, std::int64_t holes) {
  ledger.sent_upto = sent_upto;
  ledger.holes = holes;
  ledger.singled.erase(ledger.singled.begin(), ledger.singled.upper_bound(sent_upto));
  std::erase_if(ledger.ahead, [&](const AheadRange& piece) { return piece.first_id <= sent_upto + 1; });
  std::erase_if(ledger.tried, [&](const TriedSpan& span) { return span.last_id <= sent_upto; });
}

Result<void> StoreBody::pass_empty_region() {
  const Region region = backlog_region();
  if (length(region) == 0) return {};
  // Only holes and rows settled out of turn lie here; a region that ends at the newest row has nothing behind it.
  const std::int64_t holes = ledger.holes - waiting_in(region);
  const RowId cursor = with_pieces(region.upto);
  const auto noted = transact_in_reserve([&] { write_cursor(cursor, ledger.sent, holes); });
  if (noted) cursor_written(cursor, holes);
  return noted;
}

}  // namespace edge
