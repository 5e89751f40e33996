#pragma once
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/adapters/sqlite_store/gaps.h"
#include "agent/adapters/sqlite_store/lock_file.h"
#include "agent/adapters/sqlite_store/removal.h"
#include "agent/adapters/sqlite_store/row_codec.h"
#include "agent/adapters/sqlite_store/space.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/adapters/sqlite_store/sync_timer.h"
#include "agent/adapters/sqlite_store/thinning.h"

namespace edge {

/// A cached statement in use; ready for the next user however this one ends.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  ~Use() { statement_.tryReset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  SQLite::Statement* operator->() { return &statement_; }
  SQLite::Statement& operator*() { return statement_; }

 private:
  SQLite::Statement& statement_;
};

/// Statements of the hot paths, prepared once.
struct Statements {
  explicit Statements(SQLite::Database& db);
  SQLite::Statement begin, commit, insert, put_counter;
  SQLite::Statement fresh, region, documents, due, all_put_off, received_at;
  SQLite::Statement set_cursor, put_exception, get_exception;
  SQLite::Statement page_count, free_pages;
};

/// Rows from from_id up to the next span are of `epoch`; seq = id - first_id + 1. Salvaged rows stand in spans of their
/// own epoch between those of the present one, so an epoch may have several.
struct EpochSpan {
  std::string epoch;
  RowId first_id = 1;
  bool provisional = false;
  RowId from_id = 1;
};

/// These rows were first tried at `at`, UTC ms. Spans do not overlap; first_id 0: from the span before.
struct TriedSpan {
  RowId last_id = 0;
  std::int64_t at = 0;
  RowId first_id = 0;
};

/// Rows above the cursor that were handed out before their turn and have been settled; last_id < first_id: none yet.
struct AheadRange {
  RowId first_id = 0, last_id = 0;
};

/// Rows a lane hands out: after < id <= upto.
struct Region {
  RowId after = 0, upto = 0;
};

/// States of a row at or below the cursor that was not simply sent; stored numbers.
enum class RowState { kLater = 0, kDead = 1, kSentLate = 2 };

/// What a row of table `exception` says.
struct ExceptionRow {
  RowId id = 0;
  RowState state = RowState::kLater;
  std::int64_t not_before = 0, first_tried_at = 0, first_refused_at = 0, put_off = 0, settled_at = 0;
};

/// The facts delivery and intake keep in memory; changed only after the commit that says the same.
struct Ledger {
  RowId last_id = 0;
  RowId sent_upto = 0;
  std::int64_t sent = 0, later = 0, dead = 0;
  std::int64_t holes = 0;         ///< ids above the cursor, outside `ahead`, whose rows are gone (thinned, folded)
  std::vector<AheadRange> ahead;  ///< ascending; the last one is the live lane's
  std::set<RowId> singled;        ///< rows above the cursor, outside `ahead`, with an exception: settled out of turn
  std::vector<TriedSpan> tried;   ///< by last_id
  std::int64_t last_mark_at = 0;
  Counters counters;
  Counters on_disk;  ///< as table `counter` has them (counting.h)
};

inline constexpr const char* kInsertLetter =
    "INSERT OR REPLACE INTO dead_letter(id, at, status, code, field, message) VALUES(?,?,?,?,?,?)";

/// Of an open ticket, in the order its hash is made of them.
inline constexpr const char* kOpenTicketColumns =
    "id, site, scale, vehicle, driver, operator, direction, declared_net_kg, \"order\", lot, opened_at, first_weighing, "
    "second_weighing";

/// Of the spans, ascending; the last column is 1 where a span is as it was written.
inline constexpr const char* kSpanColumns =
    "SELECT from_id, epoch, first_id, provisional, hash = edge_hash(from_id, epoch, first_id, provisional) FROM span "
    "ORDER BY from_id";

/// Whether granted epoch `a` comes after `b`: canonical digits, so the longer number is the greater one.
bool is_later_epoch(std::string_view a, std::string_view b);
std::string random_hex(std::size_t digits);

SQLite::Database open_connection(const std::filesystem::path& file, SyncLevel level);
Error to_error(const SQLite::Exception& e, const std::filesystem::path& file);

/// What all faces of the store work on. Every function but open() wants `mutex` held.
struct StoreBody {
  StoreBody(const StoreOptions& opts, const Clock& clk, LockFile held);
  ~StoreBody();

  std::filesystem::path file() const { return options.dir / "edge.sqlite"; }
  std::filesystem::path suspect_mark() const { return options.dir / "suspect"; }

  Result<void> open(std::string_view new_reason, const std::string& kept_in);
  /// Part of the transaction of open(), in this order.
  void load_facts(std::string_view new_reason, const std::string& kept_in);
  void load_ledger();
  /// A store that woke up as a copy of itself goes on in an epoch of its own.
  void notice_copy();
  /// Throws SQLITE_CORRUPT where rows are missing at the end that were on the disk: noted as synced in this very database. SQLite
  /// takes a damaged place of its log for the end and drops what follows; a power cut leaves such places too, but never
  /// among what was synced.
  void miss_no_rows();

  void load_spans();
  /// Part of a transaction; then `epochs` is to be brought along with add_span().
  void write_span(const EpochSpan& span);
  void add_span(EpochSpan span);
  EpochSpan provisional_span(RowId from) const;
  void note_last_epoch();
  /// Spans beside the database, for a salvage that cannot read them in it. Best effort.
  void write_spans_file() const;
  /// The last row known to be on the disk itself.
  RowId known_synced() const;
  /// How far the rows go, beside the database (extent.h); `closed`: nothing comes behind it.
  void note_extent(bool closed);
  /// The same where it is due: after rows were added.
  void keep_extent();
  void limit_bytes();
  Result<void> start_sync();
  /// `reserve_in_use`: bytes of the reserve the next transaction may take.
  void set_limits(std::int64_t reserve_in_use = 0);

  const EpochSpan& epoch_of(RowId id) const;
  std::int64_t seq_of(RowId id) const { return id - epoch_of(id).first_id + 1; }
  std::int64_t first_tried(RowId id) const;
  std::string meta(const char* key);
  void set_meta(const char* key, const std::string& value);
  void put_exception(const ExceptionRow& row);
  std::optional<ExceptionRow> get_exception(RowId id);
  PendingRow pending_row(const SQLite::Statement& select, std::int64_t first_tried_at) const;
  std::vector<PendingRow> pick(std::size_t limit, std::int64_t now, bool everything);
  std::vector<PendingRow> pick_live(std::size_t limit, std::int64_t now);
  void pick_documents(RowId upto, std::size_t limit, std::int64_t now, std::vector<PendingRow>& rows);
  /// Whether a row above the cursor has been settled out of its turn.
  bool is_ahead(RowId id) const;
  /// Rows of a lane, oldest first, without those settled out of turn.
  void pick_region(Region region, std::size_t limit, std::int64_t now, std::vector<PendingRow>& rows);
  Result<void> mark_tried(RowId first_id, RowId last_id, std::int64_t now);
  /// Notes that `rows` of a lane go out now; those with an exception or out of turn are not of it.
  Result<void> hand_out(Region region, std::span<const PendingRow> rows, std::int64_t now);

  /// All that lies between the cursor, the pieces settled and the newest row.
  std::vector<Region> waiting_regions() const;
  Region backlog_region() const;
  /// Empty where there is no live lane.
  Region live_region() const;
  /// The last row of the region that was ever handed out in its turn; region.after where none was.
  RowId tried_upto(Region region) const;
  /// Of the region, rows that wait in it; without those put off.
  std::int64_t waiting_in(Region region) const;
  /// Opens a live lane where the rows waiting are too many for new ones to wait behind them.
  Result<void> split_lanes();
  /// Where no row is left in the backlog's region: on to the next one.
  Result<void> pass_empty_region();
  /// The cursor taken on over the pieces it touches.
  RowId with_pieces(RowId cursor) const;
  /// Part of a transaction: the cursor (with_pieces), and what lies behind it is forgotten.
  void write_cursor(RowId sent_upto, std::int64_t sent, std::int64_t holes);
  /// The same for the ledger, once it is committed.
  void cursor_written(RowId sent_upto, std::int64_t holes);
  DeliveryTotals totals();
  Result<std::int64_t> requeue(const std::string& where, const std::string& value);
  DeadLetter read_dead_letter(const SQLite::Statement& select);

  /// Why nothing is durable any more; empty = all is well.
  std::string durability_failure() const;
  void insert_rows(std::span<NewObservation> rows, int tally);
  void write_counters(const Counters& sums, RowId upto);
  void counters_written(RowId upto);
  Result<void> append(std::span<NewObservation> rows, const Counters& add);
  /// Now and then refresh_space(): called after each commit that takes room.
  void look_for_space();

  /// The seq of the next row.
  std::int64_t next_seq() const { return ledger.last_id - epochs.back().first_id + 2; }
  /// Commits `documents` as the next rows together with what `also` writes to the tables. Nobody may be told before
  /// told() has seen to the disk.
  Result<void> commit_documents(std::span<const Document> documents, const std::function<void()>& also);
  Result<wire::Weighing> record(const wire::Weighing& weighing, std::optional<std::int64_t> ticket);
  /// The column of the open ticket that `weighing` fills. Errors: kRefused.
  Result<std::string> free_pass(std::int64_t ticket, const wire::Weighing& weighing);
  Result<OpenTicket> put(const OpenTicket& ticket);
  /// Part of a transaction that changes it.
  void seal_open_ticket(std::int64_t id);
  Result<OpenTicket> open_ticket(std::int64_t id);
  Result<wire::ScaleTicket> finish(std::int64_t id, wire::ScaleTicket ticket, std::string_view scale_code);
  void load_chain_heads();

  Usage usage();
  void refresh_space();
  /// The clock sent rows are kept by: it counts the time this store is open, on from the last note of what was sent. A
  /// wall clock that jumps a year ahead must not take at once what the server may still lose. Near UTC ms.
  std::int64_t retention_ms() const { return retention_base_ms + clock.mono_ms(); }
  /// Some of what is due: purges or thins a chunk, makes the ballast anew; a few milliseconds. True = there is more.
  bool housekeep(std::int64_t now);
  bool keep_house(std::int64_t now);
  /// What of the sent rows may go; true = there is more.
  bool purge();
  bool purge_sent(std::int64_t cutoff);
  RowId purge_limit(std::int64_t cutoff);
  /// The oldest row that is no exception: sent, or the first one pending.
  RowId first_sent();
  bool purge_sent_late(std::int64_t cutoff);
  void remake_ballast();
  /// Where the floor keeps intake paused: what the write-ahead log holds goes back to the disk, now and then.
  void give_wal_back();
  std::int64_t floor() const { return floor_free(options.min_free, bounds); }
  /// True where some went.
  bool bound_dead_letters();
  /// Rows kept, of them those the server has: estimates, no row is counted.
  std::int64_t rows_kept() const;
  std::int64_t rows_sent() const;
  /// Bytes until readings the server does not have begin to go; what it has counts as room.
  std::int64_t room_for_unsent(const Usage& used) const;
  /// Whether a document that was never handed out, in its turn or before.
  bool is_document_untold(RowId id) const { return id > documents_told && is_untold(id); }
  bool is_untold(RowId id) const;
  Standing standing(RowId id, std::int64_t now);

  /// After any exception of SQLite: back out, remember a damaged file for the next start.
  Error recover(const SQLite::Exception& e);
  /// The file is set aside at the next start.
  void suspect(const std::string& why);
  /// Takes damaged rows out of what is to be sent and makes dead letters of them.
  Result<void> set_damaged_aside(std::vector<PendingRow>& rows, std::int64_t now);
  /// Counts a row of the outbox once: the inspection and the delivery may both meet it.
  void found_damaged(RowId id);
  StoreRecovery recovery() const;
  void load_unknown_end();

  /// Runs `work` in one transaction; the mutex is held by the caller. On a full disk the ballast is given up and
  /// `work` runs once more: it may change nothing but the database. `alone`: it runs one statement, which is a
  /// transaction by itself: BEGIN and COMMIT cost the path of every message.
  template <class Work>
  Result<void> transact(const Work& work, bool alone = false) {
    for (bool again : {true, false}) {
      try {
        if (!alone) Use(statements->begin)->exec();
        work();
        if (!alone) Use(statements->commit)->exec();
        return {};
      } catch (const SQLite::Exception& e) {
        Error error = recover(e);
        if (again && error.code == Errc::kFull && ballast.release()) {
          set_limits();
          continue;
        }
        return tl::unexpected(std::move(error));
      }
    }
    return fail(Errc::kFull, "no room in " + file().string());
  }

  /// The same for what delivery has to note: it may use the reserve, or a full store could never empty itself.
  template <class Work>
  Result<void> transact_in_reserve(const Work& work) {
    return transact_in_reserve(work, bounds.reserve);
  }

  /// `bytes`: so much of the reserve.
  template <class Work>
  Result<void> transact_in_reserve(const Work& work, std::int64_t bytes) {
    auto done = transact(work);
    if (done || done.error().code != Errc::kFull) return done;
    set_limits(bytes);
    done = transact(work);
    set_limits();
    return done;
  }

  /// Runs a reading `work` that returns a Result.
  template <class Work>
  auto read(const Work& work) -> decltype(work()) {
    try {
      return work();
    } catch (const SQLite::Exception& e) {
      return tl::unexpected(recover(e));
    }
  }

  /// For the faces of weighings and tickets: runs `work` with the mutex, and passes its result on only when every
  /// document it may speak of is on the disk itself. Wants the mutex free.
  template <class Work>
  auto told(const Work& work) -> decltype(work()) {
    std::unique_lock guard(mutex);
    auto result = read(work);
    const std::uint64_t commit = document_commit;
    guard.unlock();
    if (!result || !timer) return result;
    if (auto synced = timer->sync_upto(commit); !synced) return tl::unexpected(synced.error());
    guard.lock();
    // What a person was shown must not go unnoticed with a damaged log.
    if (std::exchange(document_noted, commit) != commit) note_extent(false);
    return result;
  }

  /// A row found in a database that was set aside, for found_again().
  void find_again(RecentUid row);

  StoreOptions options;
  const Clock& clock;
  LockFile lock;
  mutable std::mutex mutex;
  std::unique_ptr<SQLite::Database> db;
  std::unique_ptr<Statements> statements;
  std::vector<EpochSpan> epochs;
  Ledger ledger;
  std::map<std::string, wire::ChainHead, std::less<>> chain_heads;  ///< by scale
  std::set<RowId> out_of_turn;  ///< rows pending_live() handed out last that have no lane
  RowId documents_told = 0;     ///< the last document handed out of its turn
  RowId last_weighing = 0;      ///< the largest id the alibi memory ever gave
  RowId synced_upto = 0;        ///< rows known to be on the disk itself
  std::uint64_t document_commit = 0;                                ///< the timer's number of the newest one
  std::uint64_t document_noted = 0;  ///< the one when the extent was noted for it
  std::string store_id;  ///< random, of this database: a copy and a new one have another
  std::string instance, reason, last_epoch, corrupt_kept_in;
  std::int64_t corrupt_at = 0;
  std::string notice;      ///< StoreRecovery::notice, and since when
  std::int64_t notice_at = 0;
  RowId extent_id = 0, extent_synced = 0;  ///< as last noted
  std::int64_t extent_at = 0;  ///< mono ms
  std::vector<RecentUid> found;         ///< and not told by found_again() yet
  std::atomic<bool> any_found = false;  ///< each message looks: without the mutex
  std::string unknown_end;  ///< StoreRecovery::unknown_end, and since when
  std::int64_t unknown_end_at = 0;
  std::string salvaging;   ///< the directory being put back
  std::string damage;      ///< StoreRecovery::damage
  bool unreadable = false;  ///< SQLite itself says so: no use going on in it
  bool inspecting = false;
  std::int64_t damaged_rows = 0;
  std::set<RowId> damaged_ids;  ///< of the outbox, counted above
  Ballast ballast;
  Bounds bounds;
  std::int64_t page_bytes = 0;
  bool accepting = true;
  bool tight = false;       ///< room has to be made
  bool purges_all_sent = false;  ///< tight, paused, or the ballast waits for room to be made anew
  GapBook gaps;
  Thinning thinning;
  int commits_to_look = 0;  ///< until the next refresh_space()
  RowId purge_from = 0;            ///< rows before were purged, or wait
  std::int64_t retention_base_ms = 0;
  std::int64_t next_purge_at = 0;  ///< mono ms
  std::int64_t next_wal_end_at = 0;  ///< mono ms
  std::int64_t letters_bounded = 0;  ///< dead letters there were when their bytes were last counted
  std::string sync_failure;        ///< a sync SQLite itself did
  int audits = 0;                  ///< running now: no purge meanwhile
  int wal_fd = -1;
  std::unique_ptr<SyncTimer> timer;  ///< none at kEachCommit
};

}  // namespace edge
