#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include "agent/adapters/sqlite_store/salvage.h"
#include "agent/adapters/sqlite_store/salvaged_rows.h"
#include "protocols/bytes.h"
#include "protocols/record/chain.h"
#include "protocols/wire/records.h"
#include "protocols/wire/weighing_link.h"

namespace edge {
namespace {

constexpr std::int64_t kLeastDocumentBytes = 300;
constexpr RowId kNewestDocuments = 200;  ///< read at once, to find the heads

using Type = StoredValue::Type;

bool is_sound(const Values& weighing, const std::string& gateway) {
  if (weighing.size() != 7 || weighing[6].type != Type::kText) return false;
  const auto record = wire::decode(weighing[6].bytes);
  const auto* const one = record ? std::get_if<wire::Weighing>(&*record) : nullptr;
  return one != nullptr && to_hex(weighing[1].bytes) == one->stamp.uid && weighing[2].bytes == one->scale &&
         weighing[3].bytes == one->stamp.epoch && weighing[4].number == one->alibi_seq &&
         to_hex(weighing[5].bytes) == one->hash && weighing_hash(wire::link_of(*one, gateway)) == one->hash;
}

/// The hash at the end fits, or there is none: the row is of an older schema.
bool fits_hash(const Values& values) {
  const StoredValue& hash = values.back();
  return hash.type == Type::kNull ||
         (hash.type == Type::kInteger && hash.number == hash_of(values, values.size() - 1));
}

void insert_all(SQLite::Database& db, const std::string& sql, const std::vector<Values>& rows) {
  SQLite::Statement insert(db, sql);
  for (const Values& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) bind_value(insert, static_cast<int>(i) + 1, row[i]);
    insert.exec();
    insert.reset();
  }
}

/// The newest sound weighing of each scale, from the pages alone: where SQLite cannot read the alibi memory. Nothing where
/// that takes longer than a start may: a chain must not go on from any link but the newest.
std::map<std::string, Values> heads_on_pages(const KeptStore& kept, const std::string& gateway) {
  constexpr std::chrono::seconds kPatience{1};
  const auto until = std::chrono::steady_clock::now() + kPatience;
  const PageScan pages(kept.dir() / "edge.sqlite", kPageBytes);
  std::map<std::string, Values> heads;
  for (std::size_t page = 0; page < pages.pages(); ++page) {
    if (std::chrono::steady_clock::now() > until) return {};
    for (auto& weighing : weighings_on_page(pages, page, gateway)) {
      Values& head = heads[weighing.values[2].bytes];
      if (head.empty() || head[0].number < weighing.id) head = std::move(weighing.values);
    }
  }
  return heads;
}

/// The newest sound weighing of each scale, at the id it had: those that follow come after it, those that were before
/// find their places free.
void inherit_heads(StoreBody& body, const KeptStore& kept) {
  const RowId last = last_weighing(kept);
  std::map<std::string, Values> heads;
  auto weighings = kept_weighings(kept, body.options.gateway, std::max<RowId>(last - kNewestDocuments + 1, 1), last);
  for (auto& weighing : weighings) heads[weighing.values[2].bytes] = std::move(weighing.values);
  for (const RowId id : kept.heads()) {
    for (auto& weighing : kept_weighings(kept, body.options.gateway, id, id)) {
      const auto known = heads.find(weighing.values[2].bytes);
      if (known == heads.end() || known->second[0].number < id) heads[weighing.values[2].bytes] = weighing.values;
    }
  }
  if (heads.empty() && kept.all("SELECT max(id) FROM weighing").empty()) {
    heads = heads_on_pages(kept, body.options.gateway);
  }
  std::vector<KeptWeighing> rows;
  for (auto& [scale, values] : heads) rows.push_back({values[0].number, values});
  insert_weighings(*body.db, rows);
}

void inherit_open_tickets(StoreBody& body, const KeptStore& kept) {
  const std::string columns = std::string("SELECT ") + kOpenTicketColumns;
  std::vector<Values> open = kept.all(columns + ", hash FROM open_ticket");
  if (open.empty()) open = kept.all(columns + ", NULL FROM open_ticket");  // of an older schema
  std::erase_if(open, [](const Values& ticket) { return !fits_hash(ticket); });
  insert_all(*body.db,
             std::string("INSERT OR IGNORE INTO open_ticket(") + kOpenTicketColumns +
                 ", hash) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
             open);
}

}  // namespace

std::vector<KeptWeighing> weighings_on_page(const PageScan& pages, std::size_t page, const std::string& gateway) {
  constexpr std::size_t kColumns = 7;
  std::vector<KeptWeighing> found;
  pages.records(
      page, kColumns, [](RowId id) { return id > 0; },
      [&](Values values) {
        if (is_sound(values, gateway)) found.push_back({values[0].number, std::move(values)});
      });
  return found;
}

RowId last_weighing(const KeptStore& kept) { return kept.last_id("weighing", kLeastDocumentBytes); }
RowId last_kept_ticket(const KeptStore& kept) { return kept.last_id("ticket", kLeastDocumentBytes); }

std::vector<KeptWeighing> kept_weighings(const KeptStore& kept, const std::string& gateway, RowId from, RowId to) {
  std::vector<KeptWeighing> sound;
  for (Values& values : kept.table("weighing", "id", "uid, scale, epoch, alibi_seq, hash, document", from, to)) {
    if (is_sound(values, gateway)) sound.push_back({values[0].number, std::move(values)});
  }
  return sound;
}

void insert_weighings(SQLite::Database& db, const std::vector<KeptWeighing>& weighings) {
  std::vector<Values> rows;
  for (const KeptWeighing& weighing : weighings) rows.push_back(weighing.values);
  insert_all(db,
             "INSERT OR IGNORE INTO weighing(id, uid, scale, epoch, alibi_seq, hash, document) VALUES(?,?,?,?,?,?,?)",
             rows);
}

std::vector<Values> kept_tickets(const KeptStore& kept, RowId from, RowId to) {
  std::vector<Values> tickets = kept.table("ticket", "id", "uid, number, document, hash", from, to);
  if (tickets.empty()) tickets = kept.table("ticket", "id", "uid, number, document, NULL", from, to);
  std::erase_if(tickets, [](const Values& ticket) {
    const Values hashed{ticket[1], ticket[2], ticket[3], ticket[4]};
    const auto record = fits_hash(hashed) ? wire::decode(ticket[3].bytes) : tl::unexpected(Error{});
    const auto* const one = record ? std::get_if<wire::ScaleTicket>(&*record) : nullptr;
    return one == nullptr || one->stamp.uid != to_hex(ticket[1].bytes);
  });
  return tickets;
}

void insert_tickets(SQLite::Database& db, const std::vector<Values>& tickets) {
  insert_all(db, "INSERT OR IGNORE INTO ticket(id, uid, number, document, hash) VALUES(?,?,?,?,?)", tickets);
}

void inherit_kept(StoreBody& body) {
  for (const auto& dir : kept_to_salvage(body.options.dir)) {
    const KeptStore kept(dir);
    std::string last = body.meta("last_epoch");
    for (const EpochSpan& span : kept.spans()) {
      if (!span.provisional && (last.empty() || is_later_epoch(span.epoch, last))) last = span.epoch;
    }
    body.set_meta("last_epoch", last);
    inherit_heads(body, kept);
    // Those that were before find their places free, whatever becomes known of them.
    const std::string base = body.meta("weighing_base");
    body.set_meta("weighing_base",
                  std::to_string(std::max(last_weighing(kept), base.empty() ? RowId{0} : RowId{std::stoll(base)})));
    inherit_open_tickets(body, kept);
    const RowId last_ticket = last_kept_ticket(kept);
    auto newest = kept_tickets(kept, std::max<RowId>(last_ticket - kNewestDocuments + 1, 1), last_ticket);
    if (!newest.empty()) insert_tickets(*body.db, {newest.back()});
    insert_all(*body.db, "INSERT OR IGNORE INTO number_series(series, last) VALUES(?, ?)",
               kept.all("SELECT series, last FROM number_series"));
    if (const auto config = kept.config()) {
      SQLite::Statement save(*body.db, "INSERT OR IGNORE INTO config(id, body, hash) VALUES(1, ?1, edge_hash(?1))");
      save.bind(1, *config);
      save.exec();
    }
  }
}

}  // namespace edge
