#include "tests/faults/ack_journal.h"

#include <algorithm>

#include "protocols/record/chain.h"
#include "protocols/wire/weighing_link.h"

namespace edge::test {
namespace {

constexpr std::size_t kAll = 1'000'000;
constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kPromiseMs = 200;

std::string of(std::int64_t number) { return std::to_string(number); }

}  // namespace

/// What the opened store shows.
struct AckJournal::Found {
  std::map<std::string, PendingRow> pending;  ///< by raw
  std::string dead;                           ///< the dead letters' records, one after the other

  bool has(const std::string& raw, const std::string& uid) const {
    const auto row = pending.find(raw);
    if (row != pending.end()) return uid.empty() || row->second.observation.uid == uid;
    return !uid.empty() && dead.find(uid) != std::string::npos;
  }
};

std::size_t AckJournal::begin(std::vector<std::string> raws) {
  for (const std::string& raw : raws) readings_[raw];
  batches_.push_back({std::move(raws), std::nullopt, false});
  return batches_.size() - 1;
}

void AckJournal::acknowledge(std::size_t batch, std::int64_t now_ns, const std::vector<NewObservation>& rows) {
  batches_[batch].acked_ns = now_ns;
  batches_[batch].safe = level_ == SyncLevel::kEachCommit;
  for (const NewObservation& row : rows) readings_[row.observation.raw].uid = row.observation.uid;
  acked_rows += static_cast<std::int64_t>(rows.size());
}

void AckJournal::all_safe() {
  for (Batch& batch : batches_) batch.safe = batch.safe || batch.acked_ns;
  duplicates_safe = duplicates;
}

void AckJournal::handed_out(const std::vector<PendingRow>& rows) {
  std::set<std::string> raws;
  for (const PendingRow& row : rows) raws.insert(row.observation.raw);
  std::size_t upto = batches_.size();
  const auto is_out = [&](const Batch& batch) {
    return std::ranges::any_of(batch.raws, [&](const std::string& raw) { return raws.contains(raw); });
  };
  while (upto > 0 && !is_out(batches_[upto - 1])) --upto;
  // The rows before one that is on the disk are there too.
  for (std::size_t i = 0; i < upto; ++i) batches_[i].safe = batches_[i].safe || batches_[i].acked_ns;
  for (const PendingRow& row : rows) {
    const std::string& content = row.document.empty() ? row.observation.raw : row.document;
    const auto [known, is_new] = server_.emplace(row.observation.uid, content);
    if (!is_new && known->second != content) complain("uid " + known->first + " was given to two records");
  }
}

void AckJournal::settled(const Outcome& outcome, const std::string& raw) {
  if (outcome.kind == Outcome::Kind::kSent && readings_.contains(raw)) readings_[raw].settled = true;
}

std::vector<std::string> AckJournal::check(SqliteStore& store, std::int64_t cut_ns, bool slow) {
  const StoreIdentity identity = store.identity();
  if (identity.corrupt_at != 0) complain("a plain power cut was taken for a corrupt file");
  if (!epoch.empty() && (identity.provisional || std::stoll(identity.epoch) < std::stoll(epoch))) {
    complain("epoch " + epoch + " was granted, the store has " + identity.epoch);
  }
  Found found;
  const auto pending = store.list_pending(kAll, 0);
  const auto dead = store.dead_letters(kAll, 0);
  if (!pending || !dead) {
    complain("cannot be read: " + (pending ? dead.error() : pending.error()).detail);
    return faults_;
  }
  for (const PendingRow& row : *pending) {
    if (!row.document.empty()) continue;
    const std::string& raw = row.observation.raw;
    if (!readings_.contains(raw)) complain("a row nobody has written: " + raw);
    if (!found.pending.emplace(raw, row).second) complain("twice in the outbox: " + raw);
  }
  for (const DeadLetter& letter : *dead) found.dead += letter.record;
  check_readings(found, cut_ns, slow);
  check_counters(store);
  check_alibi(store);
  check_tickets(store);
  return faults_;
}

void AckJournal::check_readings(const Found& found, std::int64_t cut_ns, bool slow) {
  std::vector<const Batch*> lost;
  std::vector<Batch> left;
  for (const Batch& batch : batches_) {
    std::size_t there = 0;
    for (const std::string& raw : batch.raws) {
      const Reading& reading = readings_[raw];
      if (reading.settled || found.has(raw, reading.uid)) ++there;
    }
    if (there == batch.raws.size()) {
      left.push_back(batch);
      left.back().safe = true;
      continue;
    }
    if (there != 0) complain("half of an append is there: " + batch.raws.front());
    if (batch.acked_ns) lost.push_back(&batch);
  }
  check_loss(lost, cut_ns, slow);
  std::map<std::string, Reading> kept;
  for (const Batch& batch : left) {
    for (const std::string& raw : batch.raws) {
      const auto row = found.pending.find(raw);
      kept[raw] = readings_[raw];
      if (row != found.pending.end()) kept[raw].uid = row->second.observation.uid;
    }
  }
  readings_ = std::move(kept);
  batches_ = std::move(left);
}

void AckJournal::check_loss(const std::vector<const Batch*>& lost, std::int64_t cut_ns, bool slow) {
  if (lost.empty()) return;
  std::int64_t oldest = cut_ns, newest = 0;
  for (const Batch* batch : lost) {
    lost_rows += static_cast<std::int64_t>(batch->raws.size());
    oldest = std::min(oldest, *batch->acked_ns);
    newest = std::max(newest, *batch->acked_ns);
    if (batch->safe) complain("lost though it was on the disk: " + batch->raws.front());
    const auto given = [&](const std::string& raw) { return server_.contains(readings_[raw].uid); };
    if (std::ranges::any_of(batch->raws, given)) complain("lost though the server has it: " + batch->raws.front());
  }
  const std::int64_t age = (cut_ns - oldest) / kMs;
  if (!slow) oldest_lost_ms = std::max(oldest_lost_ms, age);
  // A disk that takes longer than the promise for one sync keeps it in another way: nothing more is acknowledged.
  if (!slow && age > kPromiseMs) complain("lost " + of(age) + " ms after it was acknowledged");
  if (newest - oldest > kPromiseMs * kMs) complain("acknowledged while an older row waited for the disk over 200 ms");
}

void AckJournal::check_counters(SqliteStore& store) {
  const auto audit = store.audit();
  if (!audit) {
    complain("audit: " + audit.error().detail);
    return;
  }
  const auto count = [&](const char* name) {
    const auto found = audit->counters.find(name);
    return found == audit->counters.end() ? 0 : found->second;
  };
  std::int64_t rows = 0;
  for (const Batch& batch : batches_) rows += static_cast<std::int64_t>(batch.raws.size());
  if (count("readings") != rows) complain("readings count " + of(count("readings")) + " of " + of(rows));
  if (count("messages") != static_cast<std::int64_t>(batches_.size())) complain("messages count " + of(count("messages")));
  if (count("duplicate") < duplicates_safe || count("duplicate") > duplicates) complain("duplicates are miscounted");
  duplicates = duplicates_safe = count("duplicate");
  const DeliveryTotals kept = store.totals();
  const DeliveryTotals& counted = audit->totals;
  if (kept.pending != counted.pending || kept.dead != counted.dead) complain("the totals are not what the rows say");
  const std::int64_t settled = counted.sent + counted.pending + counted.dead;
  if (count("readings") + count("documents") != settled) {
    complain("not conserved: " + of(count("readings")) + " + " + of(count("documents")) + " in, " + of(settled));
  }
}

void AckJournal::check_alibi(SqliteStore& store) {
  std::map<std::string, std::string> kept;
  for (const char* scale : {"ws1", "ws2"}) {
    const auto chain = store.weighings(scale, 0, kAll);
    if (!chain) {
      complain("alibi memory: " + chain.error().detail);
      continue;
    }
    ChainWalk walk;
    std::string of_epoch;
    for (const auto& [id, link] : *chain) {
      if (link.stamp.epoch != of_epoch) walk = ChainWalk(), of_epoch = link.stamp.epoch;
      const auto fault = walk.step(wire::link_of(link, "gw-1"), link.hash);
      if (fault != ChainWalk::Fault::kNone) complain("chain of " + std::string(scale) + ": " + std::string(to_text(fault)));
      kept[link.stamp.uid] = link.hash;
    }
  }
  for (const auto& [uid, hash] : weighings) {
    if (kept[uid] != hash) complain("a weighing is lost: " + uid);
  }
  const auto finished = store.tickets("", kAll);
  const auto counters = store.counters();
  const auto counted = counters.find("documents");
  const auto documents = static_cast<std::int64_t>(kept.size() + (finished ? finished->size() : 0));
  if ((counted == counters.end() ? 0 : counted->second) != documents) complain("documents are miscounted");
  weighings = std::move(kept);
}

void AckJournal::check_tickets(SqliteStore& store) {
  const auto finished = store.tickets("", kAll);
  const auto waiting = store.open_tickets();
  if (!finished || !waiting) {
    complain("tickets cannot be read");
    return;
  }
  std::map<std::string, std::string> kept;
  std::set<std::string> numbers;
  for (const wire::ScaleTicket& ticket : *finished) {
    kept[ticket.stamp.uid] = ticket.number;
    if (!ticket.number.empty() && !numbers.insert(ticket.number).second) complain("a number twice: " + ticket.number);
  }
  for (const auto& [uid, number] : tickets) {
    if (!kept.contains(uid) || kept[uid] != number) complain("a ticket is lost: " + number);
  }
  tickets = std::move(kept);
  std::map<std::int64_t, Ticket> still;
  for (const OpenTicket& ticket : *waiting) still[ticket.id] = {false, ticket.first_weighing, ticket.second_weighing};
  for (const auto& [id, ticket] : open) {
    if (!still.contains(id)) {
      if (!ticket.in_doubt) complain("open ticket " + of(id) + " is lost");
    } else if (still[id].first.find(ticket.first) != 0 || still[id].second.find(ticket.second) != 0) {
      complain("open ticket " + of(id) + " has lost a pass");
    }
  }
  open = std::move(still);
}

}  // namespace edge::test
