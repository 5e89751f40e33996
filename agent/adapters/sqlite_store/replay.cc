#include <algorithm>
#include <iterator>
#include <string>
#include <variant>

#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/bytes.h"

namespace edge {
namespace {

/// Sent = at or below the cursor, and either without a word beside it or sent late.
constexpr const char* kSent =
    "SELECT o.id, o.uid, o.received_at FROM outbox o LEFT JOIN exception e ON e.id = o.id "
    "WHERE o.id > ?1 AND o.id <= ?2 AND (e.state IS NULL OR e.state = 2) ORDER BY o.id LIMIT ?3";

/// Where a walk over purged documents stands: first the weighings, then, as negative numbers, the tickets.
struct Shelf {
  const char* select;
  std::int64_t after;
};

Shelf shelf_of(std::int64_t from) {
  if (from >= 0) return {"SELECT id, document FROM weighing WHERE id > ?1 ORDER BY id LIMIT ?2", from};
  return {"SELECT id, document FROM ticket WHERE id > ?1 ORDER BY id LIMIT ?2", -from - 1};
}

/// The document as a row again: what lists show of it, and the very text that was sent.
Result<Document> document_of(const std::string& json) {
  auto record = wire::decode(json);
  if (!record) return tl::unexpected(record.error());
  Document document;
  document.json = json;
  Observation& head = document.head;
  const auto fill = [&](const wire::Stamp& stamp, const std::string& scale, std::int64_t at) {
    head.uid = stamp.uid;
    head.site = stamp.site;
    head.device = scale;
    head.received_at = at;
  };
  if (const auto* const weighing = std::get_if<wire::Weighing>(&*record)) {
    fill(weighing->stamp, weighing->scale, weighing->at);
    head.type = "weighing";
    head.value = weighing->value;
    head.unit = weighing->unit;
    return document;
  }
  if (const auto* const ticket = std::get_if<wire::ScaleTicket>(&*record)) {
    fill(ticket->stamp, ticket->scale, ticket->at);
    head.type = "scale_ticket";
    if (!ticket->net.empty()) head.value = ticket->net;
    head.unit = ticket->unit;
    return document;
  }
  return fail(Errc::kCorrupt, "neither a weighing nor a ticket");
}

wire::Stamp stamp_of(const wire::Record& record) {
  return std::visit([](const auto& one) { return one.stamp; }, record);
}

std::int64_t received_of(const wire::Record& record) {
  if (const auto* const weighing = std::get_if<wire::Weighing>(&record)) return weighing->at;
  const auto* const ticket = std::get_if<wire::ScaleTicket>(&record);
  return ticket != nullptr ? ticket->at : 0;
}

/// The outbox row a document had; 0 where this store never gave that epoch.
RowId row_of(const StoreBody& body, const wire::Stamp& stamp) {
  for (auto span = body.epochs.begin(); span != body.epochs.end(); ++span) {
    const RowId id = span->first_id + stamp.seq - 1;
    const bool within = id >= span->from_id && (std::next(span) == body.epochs.end() || id < std::next(span)->from_id);
    if (within && span->epoch == stamp.epoch) return id;
  }
  return 0;
}

bool is_kept(StoreBody& body, RowId id) {
  SQLite::Statement row(*body.db, "SELECT 1 FROM outbox WHERE id = ?");
  row.bind(1, id);
  return row.executeStep();
}

/// One resend(): inside a transaction, which may run twice.
class Resending {
 public:
  explicit Resending(StoreBody& body) : body_(body) {}

  std::int64_t write(std::span<const SentRow> rows) {
    std::int64_t count = 0;
    for (const SentRow& row : rows) count += again(row) ? 1 : 0;
    // By itself: the cursor stays where it is.
    SQLite::Statement sent(*body_.db,
                           "UPDATE delivery SET sent = ?1, hash = edge_hash(sent_upto, ?1, holes) WHERE sink = 'frappe'");
    sent.bind(1, body_.ledger.sent - count);
    sent.exec();
    return count;
  }

 private:
  bool again(const SentRow& row) {
    if (row.id < 1 || row.id > body_.ledger.sent_upto) return false;
    auto exception = body_.get_exception(row.id);
    if (exception && exception->state != RowState::kSentLate) return false;
    if (!is_kept(body_, row.id) && !put_back(row)) return false;
    if (!exception) {
      exception = ExceptionRow{};
      exception->id = row.id;
      exception->first_tried_at = first_try(row);
    }
    exception->state = RowState::kLater;
    exception->not_before = exception->first_refused_at = exception->put_off = exception->settled_at = 0;
    body_.put_exception(*exception);
    return true;
  }

  /// When it was first tried is forgotten once the server has it; `backfilled` follows from it. The cursor's notes tell
  /// those that went out late from those that went out as they came.
  std::int64_t first_try(const SentRow& row) {
    SQLite::Statement mark(*body_.db, "SELECT at FROM sent_mark WHERE upto < ?1 ORDER BY upto DESC LIMIT 1");
    mark.bind(1, row.id);
    return mark.executeStep() ? std::max(mark.getColumn(0).getInt64(), row.received_at) : row.received_at;
  }

  /// A purged document as a row again, under its old id.
  bool put_back(const SentRow& row) {
    const std::string uid = from_hex(row.uid).value_or(std::string());
    for (const char* select : {"SELECT document FROM weighing WHERE uid = ?1", "SELECT document FROM ticket WHERE uid = ?1"}) {
      SQLite::Statement find(*body_.db, select);
      find.bind(1, uid.data(), static_cast<int>(uid.size()));
      if (!find.executeStep()) continue;
      const auto document = document_of(find.getColumn(0).getString());
      if (!document) return false;
      RowTexts texts;
      Use insert(body_.statements->insert);
      bind_document(*insert, row.id, *document, texts);
      insert->exec();
      return true;
    }
    return false;
  }

  StoreBody& body_;
};

}  // namespace

Result<std::vector<SentRow>> SqliteStore::sent_rows(RowId after, std::size_t limit) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.read([&]() -> Result<std::vector<SentRow>> {
    std::vector<SentRow> rows;
    SQLite::Statement select(*body.db, kSent);
    select.bind(1, after);
    select.bind(2, body.ledger.sent_upto);
    select.bind(3, static_cast<std::int64_t>(limit));
    while (select.executeStep()) {
      const RowId id = select.getColumn(0).getInt64();
      rows.push_back({id, body.seq_of(id), body.epoch_of(id).epoch, to_hex(select.getColumn(1).getString()),
                      select.getColumn(2).getInt64()});
    }
    return rows;
  });
}

Result<SentRows::Documents> SqliteStore::sent_documents(std::int64_t from, std::size_t limit) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.read([&]() -> Result<Documents> {
    Documents out;
    const Shelf shelf = shelf_of(from);
    SQLite::Statement select(*body.db, shelf.select);
    select.bind(1, shelf.after);
    select.bind(2, static_cast<std::int64_t>(limit));
    std::size_t seen = 0;
    std::int64_t last = shelf.after;
    for (; select.executeStep(); ++seen) {
      last = select.getColumn(0).getInt64();
      const auto record = wire::decode(select.getColumn(1).getString());
      if (!record) continue;  // `alibi verify` is what finds that
      const wire::Stamp stamp = stamp_of(*record);
      const RowId id = row_of(body, stamp);
      if (id < 1 || id > body.ledger.sent_upto || is_kept(body, id)) continue;
      out.rows.push_back({id, stamp.seq, stamp.epoch, stamp.uid, received_of(*record)});
    }
    const bool end = seen < limit;
    out.more = !end || from >= 0;
    out.next = end ? -1 : (from >= 0 ? last : -last - 1);
    return out;
  });
}

RowId SqliteStore::newest_sent() const {
  const std::lock_guard lock(body_->mutex);
  return body_->ledger.sent_upto;
}

Result<std::int64_t> SqliteStore::resend(std::span<const SentRow> rows) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  std::int64_t count = 0;
  Resending resending(body);
  if (auto written = body.transact([&] { count = resending.write(rows); }); !written) {
    return tl::unexpected(written.error());
  }
  body.ledger.sent -= count;
  body.ledger.later += count;
  return count;
}

}  // namespace edge
