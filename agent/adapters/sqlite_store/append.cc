#include <chrono>
#include <string>
#include <utility>

#include "agent/adapters/sqlite_store/counting.h"
#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/record/identity.h"

namespace edge {
namespace {

/// Commits between two looks at the room left: the hard limit holds without them, the watermark is 64 MiB below it.
constexpr int kLookEvery = 64;

}  // namespace

void StoreBody::look_for_space() {
  if (--commits_to_look > 0) return;
  commits_to_look = kLookEvery;
  refresh_space();
}

std::string StoreBody::durability_failure() const {
  if (!sync_failure.empty()) return sync_failure;
  return timer ? timer->failure() : std::string();
}

void StoreBody::insert_rows(std::span<NewObservation> rows, int tally) {
  RowId id = ledger.last_id;
  for (const NewObservation& row : rows) {
    RowTexts texts;
    Use insert(statements->insert);
    bind_row(*insert, ++id, row, texts, tally);
    insert->exec();
  }
}

void StoreBody::write_counters(const Counters& sums, RowId upto) {
  const auto write = [&](const std::string& name, std::int64_t value) {
    const auto known = ledger.on_disk.find(name);
    if (known != ledger.on_disk.end() && known->second == value) return;
    Use put(statements->put_counter);
    put->bindNoCopy(1, name);
    put->bind(2, value);
    put->exec();
  };
  for (const auto& [name, value] : sums) write(name, value);
  write(kCountedUpto, upto);
}

void StoreBody::counters_written(RowId upto) {
  ledger.on_disk = ledger.counters;
  ledger.on_disk[kCountedUpto] = upto;
}

Result<void> StoreBody::append(std::span<NewObservation> rows, const Counters& add) {
  const EpochSpan& epoch = epochs.back();
  std::vector<std::string*> given;
  std::int64_t seq = ledger.last_id - epoch.first_id + 1;
  for (NewObservation& row : rows) {
    ++seq;
    if (!row.observation.uid.empty()) continue;
    row.observation.uid = uid_of_sequence(options.gateway, epoch.epoch, "observation", std::to_string(seq));
    given.push_back(&row.observation.uid);
  }
  const RowId last = ledger.last_id + static_cast<RowId>(rows.size());
  const int tally = last - ledger.on_disk[kCountedUpto] < kTallyRows ? tally_of(rows.size(), add) : 0;
  Counters sums;
  if (tally == 0) {
    sums = ledger.counters;
    for (const auto& [name, count] : add) sums[name] += count;
  }
  const auto write = [&] {
    insert_rows(rows, tally);
    if (tally == 0) write_counters(sums, last);
  };
  auto stored = transact(write, tally != 0);  // a tally stands for one row and no counters
  if (!stored) {
    for (std::string* uid : given) uid->clear();  // the seq goes to somebody else
    refresh_space();
    return stored;
  }
  ledger.last_id = last;
  if (tally != 0) {
    add_tally(tally, 1, ledger.counters);
  } else {
    ledger.counters = std::move(sums);
    counters_written(last);
  }
  return {};
}

Result<void> SqliteStore::append(std::span<NewObservation> rows, const Counters& add) {
  return append_acknowledged(rows, add, 0);
}

Result<void> SqliteStore::append_acknowledged(std::span<NewObservation> rows, const Counters& add, std::int64_t ago_ms) {
  StoreBody& body = *body_;
  {
    const std::lock_guard lock(body.mutex);
    if (const std::string failure = body.durability_failure(); !failure.empty()) return fail(Errc::kIo, failure);
    if (auto stored = body.append(rows, add); !stored) return stored;
    if (body.timer) body.timer->committed(body.ledger.last_id, std::chrono::milliseconds(ago_ms));
    body.keep_extent();
    body.look_for_space();
  }
  if (body.timer) return body.timer->await();
  return {};
}

Result<std::vector<RecentUid>> SqliteStore::newest(std::size_t count, std::size_t skip) {
  StoreBody& body = *body_;
  const std::lock_guard lock(body.mutex);
  return body.read([&]() -> Result<std::vector<RecentUid>> {
    std::vector<RecentUid> recent;
    const RowId upto = body.ledger.last_id - static_cast<RowId>(skip);
    Use region(body.statements->region);
    region->bind(1, upto - static_cast<RowId>(count));
    region->bind(2, upto);
    region->bind(3, static_cast<std::int64_t>(count));
    while (region->executeStep()) {
      if (auto uid = read_recent(*region)) recent.push_back(std::move(*uid));
    }
    return recent;
  });
}

Counters SqliteStore::counters() const {
  const std::lock_guard lock(body_->mutex);
  return body_->ledger.counters;
}

bool SqliteStore::accepting() const {
  const std::lock_guard lock(body_->mutex);
  return body_->accepting;
}

}  // namespace edge
