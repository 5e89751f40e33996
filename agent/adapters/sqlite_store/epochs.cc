#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <system_error>

#include "agent/adapters/sqlite_store/extent.h"
#include "agent/adapters/sqlite_store/files.h"
#include "agent/adapters/sqlite_store/salvage.h"
#include "agent/adapters/sqlite_store/store_body.h"
#include "protocols/bytes.h"

namespace edge {

bool is_later_epoch(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

std::string random_hex(std::size_t digits) {
  std::random_device device;
  std::string bytes;
  while (bytes.size() * 2 < digits) bytes.push_back(static_cast<char>(device() & 0xFF));
  return to_hex(bytes).substr(0, digits);
}

void StoreBody::load_spans() {
  SQLite::Statement select(*db, kSpanColumns);
  while (select.executeStep()) {
    if (select.getColumn(4).getInt() != 1) throw SQLite::Exception("a span is not as it was written", SQLITE_CORRUPT);
    epochs.push_back({select.getColumn(1).getString(), select.getColumn(2).getInt64(),
                      select.getColumn(3).getInt() != 0, select.getColumn(0).getInt64()});
  }
}

void StoreBody::write_span(const EpochSpan& span) {
  SQLite::Statement insert(*db, "INSERT OR REPLACE INTO span(from_id, epoch, first_id, provisional, hash) "
                                "VALUES(?1, ?2, ?3, ?4, edge_hash(?1, ?2, ?3, ?4))");
  insert.bind(1, span.from_id);
  insert.bind(2, span.epoch);
  insert.bind(3, span.first_id);
  insert.bind(4, span.provisional ? 1 : 0);
  insert.exec();
}

void StoreBody::add_span(EpochSpan span) {
  if (!epochs.empty() && epochs.back().from_id == span.from_id) epochs.pop_back();  // no row was ever of that one
  epochs.push_back(std::move(span));
}

EpochSpan StoreBody::provisional_span(RowId from) const { return {"p" + random_hex(8), from, true, from}; }

void StoreBody::note_last_epoch() {
  last_epoch = meta("last_epoch");
  for (const EpochSpan& span : epochs) {
    if (!span.provisional && (last_epoch.empty() || is_later_epoch(span.epoch, last_epoch))) last_epoch = span.epoch;
  }
}

void StoreBody::write_spans_file() const {
  const std::filesystem::path path = spans_file(options.dir);
  std::filesystem::path fresh = path;
  fresh += ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    for (const EpochSpan& span : epochs) {
      out << span.from_id << ' ' << span.first_id << ' ' << (span.provisional ? 1 : 0) << ' ' << span.epoch << '\n';
    }
    if (!out.flush()) return;
  }
  std::error_code ignored;
  std::filesystem::rename(fresh, path, ignored);
}

RowId StoreBody::known_synced() const {
  return timer ? std::min(std::max(synced_upto, timer->synced_rows()), ledger.last_id) : ledger.last_id;
}

void StoreBody::note_extent(bool closed) {
  Extent extent{ledger.last_id, ledger.sent_upto, true, known_synced(),
                last_weighing,  clock.utc_ms(),   closed, store_id};
  if (closed) extent.synced_upto = ledger.last_id;
  if (!write_extent(options.dir, extent)) return;
  extent_id = ledger.last_id;
  extent_synced = extent.synced_upto;
  extent_at = clock.mono_ms();
}

void StoreBody::keep_extent() {
  constexpr RowId kMargin = 512;  // no commit has more rows than that
  constexpr std::int64_t kEveryMs = 1'000;
  const bool due = ledger.last_id - extent_id >= kMostUnnoted - kMargin || clock.mono_ms() - extent_at >= kEveryMs;
  if (due && (ledger.last_id != extent_id || known_synced() != extent_synced)) note_extent(false);
}

void StoreBody::limit_bytes() {
  if (options.max_bytes > 0) {
    bounds = bounds_of(options.max_bytes);
    return;
  }
  if (meta("max_bytes").empty()) {
    set_meta("max_bytes", std::to_string(default_max_bytes(disk_space(options.dir).free_bytes)));
  }
  bounds = bounds_of(std::stoll(meta("max_bytes")));
}

void StoreBody::load_facts(std::string_view new_reason, const std::string& kept_in) {
  load_spans();
  if (!kept_in.empty()) {
    set_meta("corrupt_kept_in", kept_in);
    set_meta("corrupt_at", std::to_string(clock.utc_ms()));
  }
  if (epochs.empty()) {
    add_span(provisional_span(1));
    write_span(epochs.back());
    set_meta("reason", std::string(new_reason));
    inherit_kept(*this);
  }
  if (meta("store").empty()) set_meta("store", random_hex(16));
  store_id = meta("store");
  limit_bytes();
  reason = meta("reason");
  corrupt_kept_in = meta("corrupt_kept_in");
  corrupt_at = corrupt_kept_in.empty() ? 0 : std::stoll(meta("corrupt_at"));
  note_last_epoch();
  if (meta("clean") == "0") set_meta("inspect", "1");  // behind the start: inspection.h
  inspecting = meta("inspect") == "1";
  set_meta("clean", "0");
}

void StoreBody::notice_copy() {
  const std::string copied = meta("copied_at"), home = meta("home");
  const bool elsewhere = !options.home.empty() && !home.empty() && options.home != home;
  if (!options.home.empty() && options.home != home) set_meta("home", options.home);
  if (!copied.empty() || elsewhere) {
    const EpochSpan span = provisional_span(ledger.last_id + 1);
    write_span(span);
    add_span(span);
    reason = "restore";
    set_meta("reason", reason);
    set_meta("copied_at", "");
    store_id = random_hex(16);
    set_meta("store", store_id);
    set_meta("notice", copied.empty()
                           ? "this store was made in another place (the machine or the directory is another one)"
                           : "this store is a backup that was put back");
    set_meta("notice_at", std::to_string(clock.utc_ms()));
  }
  const std::string at = meta("notice_at");
  notice_at = at.empty() ? 0 : std::stoll(at);
  notice = meta("notice");
  load_unknown_end();
}

}  // namespace edge
