#include <algorithm>
#include <span>
#include <string>

#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/bytes.h"
#include "protocols/record/chain.h"
#include "protocols/record/identity.h"
#include "protocols/wire/weighing_link.h"

namespace edge {
namespace {

/// The first link of an epoch on a scale; `before` = its newest link of an earlier one, if any.
wire::Weighing genesis_for(const wire::Weighing& first, const wire::ChainHead* before) {
  wire::Weighing genesis;
  genesis.stamp.site = first.stamp.site;
  genesis.scale = first.scale;
  genesis.at = first.at;
  genesis.clock = first.clock;
  genesis.boot = first.boot;
  genesis.mono_ms = first.mono_ms;
  genesis.role = "genesis";
  if (before != nullptr) genesis.genesis = wire::WeighingGenesis{before->epoch, before->seq, before->hash};
  return genesis;
}

wire::ChainHead head_of(const wire::Weighing& weighing) {
  return {weighing.scale, weighing.stamp.epoch, weighing.alibi_seq, weighing.hash};
}

/// Makes `weighing` the link after `before`; its stamp is complete but for the uid.
void link(wire::Weighing& weighing, const wire::ChainHead& before, std::string_view gateway) {
  weighing.alibi_seq = before.seq + 1;
  weighing.prev_hash = before.hash;
  weighing.stamp.uid = uid_of_sequence(gateway, weighing.stamp.epoch, "weighing",
                                       weighing.scale + "/" + std::to_string(weighing.alibi_seq));
  weighing.hash = weighing_hash(wire::link_of(weighing, gateway));
}

Result<wire::Weighing> decoded(std::string_view json) {
  auto record = wire::decode(json);
  if (!record) return tl::unexpected(record.error());
  auto* const weighing = std::get_if<wire::Weighing>(&*record);
  if (weighing == nullptr) return fail(Errc::kMalformed, "not a weighing");
  return std::move(*weighing);
}

/// Errors: kMalformed where the JSON would not verify: that must come out now, not when an inspector looks.
Result<Document> document_of(const wire::Weighing& weighing, std::string_view gateway) {
  Document document;
  document.json = wire::encode(weighing);
  const auto again = decoded(document.json);
  if (!again) return tl::unexpected(again.error());
  if (weighing_hash(wire::link_of(*again, gateway)) != weighing.hash) {
    return fail(Errc::kMalformed, "a text of the weighing does not travel as it is");
  }
  Observation& head = document.head;
  head.uid = weighing.stamp.uid;
  head.site = weighing.stamp.site;
  head.device = weighing.scale;
  head.type = "weighing";
  head.value = weighing.value;
  head.unit = weighing.unit;
  head.received_at = weighing.at;
  return document;
}

std::string blob(std::string_view hex) { return from_hex(hex).value_or(std::string()); }

void bind_blob(SQLite::Statement& statement, int at, const std::string& bytes) {
  statement.bind(at, bytes.data(), static_cast<int>(bytes.size()));
}

Result<wire::Weighing> stored(const SQLite::Statement& select, int column) {
  auto weighing = decoded(select.getColumn(column).getString());
  if (!weighing) return fail(Errc::kCorrupt, "alibi memory: " + weighing.error().detail);
  return weighing;
}

}  // namespace

void StoreBody::load_chain_heads() {
  SQLite::Statement newest(*db,
                           "SELECT scale, epoch, alibi_seq, hash FROM weighing "
                           "WHERE id IN (SELECT max(id) FROM weighing GROUP BY scale)");
  while (newest.executeStep()) {
    wire::ChainHead head{newest.getColumn(0).getString(), newest.getColumn(1).getString(),
                         newest.getColumn(2).getInt64(), to_hex(newest.getColumn(3).getString())};
    chain_heads[head.scale] = head;
  }
  const std::string base = meta("weighing_base");
  last_weighing = std::max({last_weighing, db->execAndGet("SELECT ifnull(max(id), 0) FROM weighing").getInt64(),
                            base.empty() ? RowId{0} : RowId{std::stoll(base)}});
}

Result<std::string> StoreBody::free_pass(std::int64_t ticket, const wire::Weighing& weighing) {
  const std::string name = "ticket " + std::to_string(ticket);
  const auto open = open_ticket(ticket);
  if (!open) return fail(Errc::kRefused, name + " is not open");
  if (open->site != weighing.stamp.site || open->scale != weighing.scale) {
    return fail(Errc::kRefused, name + " is of scale " + open->scale);
  }
  if (open->first_weighing.empty()) return "first_weighing";
  if (open->second_weighing.empty()) return "second_weighing";
  return fail(Errc::kRefused, name + " has both its weighings");
}

Result<wire::Weighing> StoreBody::record(const wire::Weighing& given, std::optional<std::int64_t> ticket) {
  if (const std::string failure = durability_failure(); !failure.empty()) return fail(Errc::kIo, failure);
  if (!is_wire_id(given.stamp.site) || !is_wire_id(given.scale) || given.role == "genesis") {
    return fail(Errc::kMalformed, "a weighing has a site, a scale and a role; genesis records are the store's own");
  }
  std::string pass;
  if (ticket) {
    auto column = free_pass(*ticket, given);
    if (!column) return tl::unexpected(column.error());
    pass = std::move(*column);
  }
  const auto known = chain_heads.find(given.scale);
  const wire::ChainHead* const newest = known == chain_heads.end() ? nullptr : &known->second;
  const std::string& epoch = epochs.back().epoch;
  std::vector<wire::Weighing> links;
  wire::ChainHead before{given.scale, epoch, -1, std::string(kNoHash)};
  if (newest != nullptr && newest->epoch == epoch) {
    before = *newest;
  } else {
    links.push_back(genesis_for(given, newest));
  }
  links.push_back(given);
  links.back().genesis.reset();
  std::vector<Document> documents;
  for (wire::Weighing& one : links) {
    one.stamp.epoch = epoch;
    one.stamp.seq = next_seq() + static_cast<std::int64_t>(documents.size());
    link(one, before, options.gateway);
    auto document = document_of(one, options.gateway);
    if (!document) return tl::unexpected(document.error());
    documents.push_back(std::move(*document));
    before = head_of(one);
  }
  const auto committed = commit_documents(documents, [&] {
    SQLite::Statement insert(*db,
                             "INSERT INTO weighing(uid, scale, epoch, alibi_seq, hash, document, id) VALUES(?,?,?,?,?,?,?)");
    for (std::size_t i = 0; i < links.size(); ++i) {
      bind_blob(insert, 1, blob(links[i].stamp.uid));
      insert.bind(2, links[i].scale);
      insert.bind(3, epoch);
      insert.bind(4, links[i].alibi_seq);
      bind_blob(insert, 5, blob(links[i].hash));
      insert.bind(6, documents[i].json);
      insert.bind(7, last_weighing + 1 + static_cast<RowId>(i));
      insert.exec();
      insert.reset();
    }
    if (pass.empty()) return;
    SQLite::Statement fill(*db, "UPDATE open_ticket SET " + pass + " = ? WHERE id = ?");
    fill.bind(1, links.back().stamp.uid);
    fill.bind(2, *ticket);
    fill.exec();
    seal_open_ticket(*ticket);
  });
  if (!committed) return tl::unexpected(committed.error());
  chain_heads[given.scale] = before;
  last_weighing += static_cast<RowId>(links.size());
  return std::move(links.back());
}

Result<wire::Weighing> SqliteStore::record(const wire::Weighing& weighing, std::optional<std::int64_t> ticket) {
  return body_->told([&] { return body_->record(weighing, ticket); });
}

Result<std::vector<std::pair<RowId, wire::Weighing>>> SqliteStore::weighings(std::string_view scale, RowId after,
                                                                             std::size_t limit) {
  StoreBody& body = *body_;
  return body.told([&]() -> Result<std::vector<std::pair<RowId, wire::Weighing>>> {
    SQLite::Statement select(*body.db,
                             "SELECT id, document FROM weighing WHERE scale = ? AND id > ? ORDER BY id LIMIT ?");
    select.bind(1, std::string(scale));
    select.bind(2, after);
    select.bind(3, static_cast<std::int64_t>(limit));
    std::vector<std::pair<RowId, wire::Weighing>> found;
    while (select.executeStep()) {
      auto weighing = stored(select, 1);
      if (!weighing) return tl::unexpected(weighing.error());
      found.emplace_back(select.getColumn(0).getInt64(), std::move(*weighing));
    }
    return found;
  });
}

Result<wire::Weighing> SqliteStore::weighing(std::string_view uid) {
  StoreBody& body = *body_;
  return body.told([&]() -> Result<wire::Weighing> {
    SQLite::Statement select(*body.db, "SELECT document FROM weighing WHERE uid = ?");
    bind_blob(select, 1, blob(uid));
    if (!select.executeStep()) return fail(Errc::kNotFound, "no weighing " + for_log(uid));
    return stored(select, 0);
  });
}

std::vector<wire::ChainHead> SqliteStore::chain_heads() const {
  const auto heads = body_->told([&]() -> Result<std::vector<wire::ChainHead>> {
    std::vector<wire::ChainHead> all;
    for (const auto& [scale, head] : body_->chain_heads) all.push_back(head);
    return all;
  });
  // After a failed sync nothing is told: the server must not learn of a link that a power cut takes back.
  return heads.value_or(std::vector<wire::ChainHead>{});
}

}  // namespace edge
