#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/clock.h"
#include "agent/ports/store.h"
#include "protocols/result.h"

namespace edge {

/// When a committed row is on the disk itself (design.md §4). Both survive kill -9 from the commit on.
enum class SyncLevel {
  kTimed,       ///< within 100 ms; nobody is told of a row while an older one waits 170 ms for the disk
  kEachCommit,  ///< before append() returns ("power-cut")
};

struct StoreOptions {
  std::filesystem::path dir;  ///< made if missing; edge.sqlite, ballast, lock, corrupt-*
  std::string gateway;        ///< part of every sequence uid
  SyncLevel level = SyncLevel::kTimed;
  std::int64_t max_bytes = 0;  ///< database, WAL and ballast; 0 = min(8 GiB, half of what is free at first start)
  std::int64_t min_free = 512LL << 20;  ///< bytes of the file system left to others
  std::chrono::milliseconds retain_sent = std::chrono::hours(24 * 7);
  std::int64_t ballast_bytes = 8LL << 20;
  std::int64_t dead_letters = 10'000;            ///< kept; the oldest readings above go, weighings and tickets never
  std::int64_t dead_letter_bytes = 32LL << 20;  ///< the same in bytes of their rows; at most an eighth of max_bytes
  /// Names the machine and the directory; where the store wakes up under another name it is a copy and goes on in an
  /// epoch of its own. Empty = no claim.
  std::string home;
  bool upkeep = true;  ///< salvage and inspection behind the running store; not for a look from the command line
};

struct StoreBody;
class Upkeep;

/// The store: one SQLite file, one process, one connection, one mutex (design.md §6). Safe from any thread.
///
/// Never open or close the database file elsewhere in the process: that drops SQLite's POSIX locks.
class SqliteStore final : public Outbox,
                          public Delivery,
                          public SentRows,
                          public PendingList,
                          public DeadLetters,
                          public Weighings,
                          public Tickets,
                          public Policies,
                          public State,
                          public Backups {
 public:
  /// Opens or makes the store; a corrupt one is set aside in corrupt-<UTC time>/ and replaced (identity() says so).
  /// Errors: kRefused (another edge-agent holds it), kUnsupported (written by a newer agent), kIo, kFull.
  static Result<std::unique_ptr<SqliteStore>> open(const StoreOptions& options, const Clock& clock);
  ~SqliteStore() override;
  /// Purges what the server has had for long enough, thins where the store is full, bounds the dead letters: in short
  /// transactions that let others through, no longer than `budget`. Twice a second, from one thread, sources paused or
  /// not.
  void keep_house(std::chrono::milliseconds budget);
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  Result<void> append(std::span<NewObservation> rows, const Counters& add) override;
  Result<void> append_acknowledged(std::span<NewObservation> rows, const Counters& add, std::int64_t ago_ms) override;
  using Outbox::newest;
  Result<std::vector<RecentUid>> newest(std::size_t count, std::size_t skip) override;
  std::vector<RecentUid> found_again() override;
  Counters counters() const override;
  bool accepting() const override;

  Result<std::vector<PendingRow>> pending(std::size_t limit, std::int64_t now, bool everything) override;
  Result<std::vector<PendingRow>> pending_live(std::size_t limit, std::int64_t now) override;
  Result<std::vector<PendingRow>> pending_after(RowId after, std::size_t limit, std::int64_t now) override;
  Result<void> settle(std::span<const Outcome> outcomes, std::int64_t now) override;
  DeliveryTotals totals() const override;
  Result<Audit> audit() override;

  Result<std::vector<SentRow>> sent_rows(RowId after, std::size_t limit) override;
  Result<Documents> sent_documents(std::int64_t from, std::size_t limit) override;
  RowId newest_sent() const override;
  Result<std::int64_t> resend(std::span<const SentRow> rows) override;

  Result<std::vector<PendingRow>> list_pending(std::size_t limit, RowId after) override;

  Result<std::vector<DeadLetter>> dead_letters(std::size_t limit, RowId after) override;
  Result<DeadLetter> dead_letter(RowId id) override;
  Result<void> requeue(RowId id) override;
  Result<std::int64_t> requeue_all(std::string_view code) override;

  Result<wire::Weighing> record(const wire::Weighing& weighing, std::optional<std::int64_t> ticket) override;
  Result<std::vector<std::pair<RowId, wire::Weighing>>> weighings(std::string_view scale, RowId after,
                                                                  std::size_t limit) override;
  Result<wire::Weighing> weighing(std::string_view uid) override;
  std::vector<wire::ChainHead> chain_heads() const override;

  Result<OpenTicket> put(const OpenTicket& ticket) override;
  Result<std::vector<OpenTicket>> open_tickets() override;
  Result<wire::ScaleTicket> finish(std::int64_t id, const wire::ScaleTicket& ticket,
                                   std::string_view scale_code) override;
  Result<std::vector<wire::ScaleTicket>> tickets(std::string_view key, std::size_t limit) override;

  Result<std::optional<std::string>> load_config() override;
  Result<void> save_config(std::string_view body) override;

  StoreIdentity identity() const override;
  Result<void> grant_epoch(std::string_view epoch) override;
  StoreSize size() const override;
  Result<void> flush() override;

  Result<BackupFacts> backup(const std::filesystem::path& file) override;

 private:
  Result<void> sync_handed_out(std::span<const PendingRow> rows);

  explicit SqliteStore(std::unique_ptr<StoreBody> body);
  std::unique_ptr<StoreBody> body_;
  std::unique_ptr<Upkeep> upkeep_;  ///< goes first
};

}  // namespace edge
