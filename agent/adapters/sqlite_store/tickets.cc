#include <algorithm>
#include <string>

#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/bytes.h"
#include "protocols/record/identity.h"

namespace edge {
namespace {

const std::string kOpenColumns = std::string("SELECT ") + kOpenTicketColumns + " FROM open_ticket ";
constexpr std::size_t kNumberDigits = 6;
constexpr std::string_view kVoidKey = "void/";
// Three statements: "or" would cost the indexes.
constexpr const char* kNewest = "SELECT document FROM ticket ORDER BY id DESC LIMIT ?2";
constexpr const char* kByNumber = "SELECT document FROM ticket WHERE number = ?1 LIMIT ?2";
constexpr const char* kByVoided =
    "SELECT document FROM ticket WHERE number IS NULL AND json_extract(document, '$.voids') = ?1 LIMIT ?2";

OpenTicket read_open(const SQLite::Statement& select) {
  const auto text = [&](int column) { return select.getColumn(column).getString(); };
  OpenTicket ticket;
  ticket.id = select.getColumn(0).getInt64();
  ticket.site = text(1), ticket.scale = text(2), ticket.vehicle = text(3), ticket.driver = text(4);
  ticket.operator_id = text(5), ticket.direction = text(6), ticket.declared_net_kg = text(7);
  ticket.order = text(8), ticket.lot = text(9);
  ticket.opened_at = select.getColumn(10).getInt64();
  ticket.first_weighing = text(11), ticket.second_weighing = text(12);
  return ticket;
}

bool is_scale_code(std::string_view code) {
  return !code.empty() && code.size() <= 8 &&
         std::ranges::all_of(code, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

std::string numbered(const std::string& series, std::int64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
  return series + '-' + digits;
}

Result<wire::ScaleTicket> decoded(std::string_view json) {
  auto record = wire::decode(json);
  if (!record) return tl::unexpected(record.error());
  auto* const ticket = std::get_if<wire::ScaleTicket>(&*record);
  if (ticket == nullptr) return fail(Errc::kMalformed, "not a ticket");
  return std::move(*ticket);
}

/// Errors: kMalformed where what is kept could not be read again.
Result<Document> document_of(const wire::ScaleTicket& ticket) {
  Document document;
  document.json = wire::encode(ticket);
  if (const auto again = decoded(document.json); !again) return tl::unexpected(again.error());
  Observation& head = document.head;
  head.uid = ticket.stamp.uid;
  head.site = ticket.stamp.site;
  head.device = ticket.scale;
  head.type = "scale_ticket";
  if (!ticket.net.empty()) head.value = ticket.net;
  head.unit = ticket.unit;
  head.received_at = ticket.at;
  return document;
}

std::int64_t last_of_series(SQLite::Database& db, const std::string& series) {
  SQLite::Statement select(db, "SELECT last FROM number_series WHERE series = ?");
  select.bind(1, series);
  return select.executeStep() ? select.getColumn(0).getInt64() : 0;
}

bool is_known(SQLite::Database& db, const std::string& uid) {
  SQLite::Statement select(db, "SELECT 1 FROM ticket WHERE uid = ?");
  select.bind(1, uid.data(), static_cast<int>(uid.size()));
  return select.executeStep();
}

}  // namespace

Result<OpenTicket> StoreBody::open_ticket(std::int64_t id) {
  SQLite::Statement select(*db, kOpenColumns + "WHERE id = ?");
  select.bind(1, id);
  if (!select.executeStep()) return fail(Errc::kNotFound, "no open ticket " + std::to_string(id));
  return read_open(select);
}

void StoreBody::seal_open_ticket(std::int64_t id) {
  SQLite::Statement seal(*db, std::string("UPDATE open_ticket SET hash = edge_hash(") + kOpenTicketColumns +
                                  ") WHERE id = ?");
  seal.bind(1, id);
  seal.exec();
}

Result<OpenTicket> StoreBody::put(const OpenTicket& ticket) {
  if (const std::string failure = durability_failure(); !failure.empty()) return fail(Errc::kIo, failure);
  if (!is_wire_id(ticket.site) || !is_wire_id(ticket.scale)) {
    return fail(Errc::kMalformed, "an open ticket needs a site and a scale");
  }
  if (ticket.id != 0) {
    if (auto open = open_ticket(ticket.id); !open) return open;
  }
  const auto committed = commit_documents({}, [&] {
    SQLite::Statement write(*db, ticket.id == 0
                                     ? "INSERT INTO open_ticket(site, scale, vehicle, driver, operator, direction, "
                                       "declared_net_kg, \"order\", lot, opened_at) VALUES(?,?,?,?,?,?,?,?,?,?)"
                                     : "UPDATE open_ticket SET site = ?, scale = ?, vehicle = ?, driver = ?, "
                                       "operator = ?, direction = ?, declared_net_kg = ?, \"order\" = ?, lot = ?, "
                                       "opened_at = ? WHERE id = ?");
    int at = 0;
    for (const std::string* text : {&ticket.site, &ticket.scale, &ticket.vehicle, &ticket.driver, &ticket.operator_id,
                                    &ticket.direction, &ticket.declared_net_kg, &ticket.order, &ticket.lot}) {
      write.bind(++at, *text);
    }
    write.bind(++at, ticket.opened_at);
    if (ticket.id != 0) write.bind(++at, ticket.id);
    write.exec();
    seal_open_ticket(ticket.id != 0 ? ticket.id : db->getLastInsertRowid());
  });
  if (!committed) return tl::unexpected(committed.error());
  return open_ticket(ticket.id != 0 ? ticket.id : db->getLastInsertRowid());
}

Result<wire::ScaleTicket> StoreBody::finish(std::int64_t id, wire::ScaleTicket ticket, std::string_view scale_code) {
  if (const std::string failure = durability_failure(); !failure.empty()) return fail(Errc::kIo, failure);
  if (id != 0 || ticket.action.empty()) {
    if (auto open = open_ticket(id); !open) return tl::unexpected(open.error());
  }
  const auto take_away = [&] {
    SQLite::Statement remove(*db, "DELETE FROM open_ticket WHERE id = ?");
    remove.bind(1, id);
    remove.exec();
  };
  if (ticket.action.empty()) {
    if (auto committed = commit_documents({}, take_away); !committed) return tl::unexpected(committed.error());
    return ticket;
  }
  const std::string& epoch = epochs.back().epoch;
  std::string series, key = std::string(kVoidKey) + ticket.voids;
  std::int64_t number = 0;
  ticket.number.clear();
  if (ticket.action != "void") {
    if (!is_scale_code(scale_code)) return fail(Errc::kMalformed, "a scale's code is [A-Z0-9]{1,8}");
    series = ticket.stamp.site + '-' + std::string(scale_code) + '-' + epoch;
    number = last_of_series(*db, series) + 1;
    key = ticket.number = numbered(series, number);
  }
  ticket.stamp.epoch = epoch;
  ticket.stamp.seq = next_seq();
  ticket.stamp.uid = uid_of_sequence(options.gateway, epoch, "scale_ticket", key);
  const std::string uid = from_hex(ticket.stamp.uid).value_or(std::string());
  if (is_known(*db, uid)) return fail(Errc::kRefused, "that ticket is void already");
  const auto document = document_of(ticket);
  if (!document) return tl::unexpected(document.error());
  const auto committed = commit_documents({&*document, 1}, [&] {
    take_away();
    SQLite::Statement insert(*db, "INSERT INTO ticket(uid, number, document, hash) "
                             "VALUES(?1, nullif(?2, ''), ?3, edge_hash(?1, nullif(?2, ''), ?3))");
    insert.bind(1, uid.data(), static_cast<int>(uid.size()));
    insert.bind(2, ticket.number);
    insert.bind(3, document->json);
    insert.exec();
    if (series.empty()) return;
    SQLite::Statement count(*db, "INSERT OR REPLACE INTO number_series(series, last) VALUES(?, ?)");
    count.bind(1, series);
    count.bind(2, number);
    count.exec();
  });
  if (!committed) return tl::unexpected(committed.error());
  return ticket;
}

Result<OpenTicket> SqliteStore::put(const OpenTicket& ticket) {
  return body_->told([&] { return body_->put(ticket); });
}

Result<std::vector<OpenTicket>> SqliteStore::open_tickets() {
  StoreBody& body = *body_;
  return body.told([&]() -> Result<std::vector<OpenTicket>> {
    SQLite::Statement select(*body.db, kOpenColumns + "ORDER BY id");
    std::vector<OpenTicket> open;
    while (select.executeStep()) open.push_back(read_open(select));
    return open;
  });
}

Result<wire::ScaleTicket> SqliteStore::finish(std::int64_t id, const wire::ScaleTicket& ticket,
                                              std::string_view scale_code) {
  return body_->told([&] { return body_->finish(id, ticket, scale_code); });
}

Result<std::vector<wire::ScaleTicket>> SqliteStore::tickets(std::string_view key, std::size_t limit) {
  StoreBody& body = *body_;
  return body.told([&]() -> Result<std::vector<wire::ScaleTicket>> {
    const bool is_void = key.starts_with(kVoidKey);
    SQLite::Statement select(*body.db, key.empty() ? kNewest : is_void ? kByVoided : kByNumber);
    if (!key.empty()) select.bind(1, std::string(is_void ? key.substr(kVoidKey.size()) : key));
    select.bind(2, static_cast<std::int64_t>(limit));
    std::vector<wire::ScaleTicket> found;
    while (select.executeStep()) {
      auto ticket = decoded(select.getColumn(0).getString());
      if (!ticket) return fail(Errc::kCorrupt, "tickets: " + ticket.error().detail);
      found.push_back(std::move(*ticket));
    }
    return found;
  });
}

}  // namespace edge
