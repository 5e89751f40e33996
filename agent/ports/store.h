#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/record/observation.h"
#include "protocols/result.h"
#include "protocols/wire/gateway.h"
#include "protocols/wire/records.h"

/// The store's small faces. One class (adapters/sqlite_store) is behind them all; every call is safe from any
/// thread and blocks no longer than one short transaction.
namespace edge {

/// Ascending over all epochs, dense; the outbox' primary key.
using RowId = std::int64_t;

/// Counters committed in the same transaction as the rows they count; names of design.md §6 and wire.md §6,
/// a reason after a dot: "messages" "decoded" "undecodable" "duplicate" "ignored.no_topic" "ignored.retained"
/// "ignored.unknown_device"
/// "readings" "readings.duplicate" "documents" (weighings, genesis records, tickets and gaps: rows that are no readings).
/// "journal" is no count: the number of the last message taken out of the journal (ports/journal.h).
/// What never reached the server, by the store: "thinned.ok" "thinned.invalid" "thinned.warning" "thinned.folded"
/// "thinned.dead_letter" (each in a gap record too), "folded" (readings that stand in the count of another row).
using Counters = std::map<std::string, std::int64_t, std::less<>>;

/// A row to append. An empty uid asks for the `sequence` form: the store knows the seq it gives.
struct NewObservation {
  Observation observation;
  std::uint16_t packet_id = 0;
};

/// What the window of latest uids is warmed with.
struct RecentUid {
  std::string uid;
  std::string site, device;
  int index = 0;
  std::string raw_sha256;  ///< only of a received message with a packet id: others are not found by it
  std::uint16_t packet_id = 0;
  Identity identity = Identity::kContent;
};

class Outbox {
 public:
  virtual ~Outbox() = default;
  /// Commits the rows and counters in one transaction and returns once they are as durable as the level says.
  /// Fills the uid of rows that had none. Errors: kFull, kIo, kCorrupt: the rows are not durable, never acknowledge
  /// them. Once a sync has failed every later append fails too (the kernel may have dropped the pages).
  virtual Result<void> append(std::span<NewObservation> rows, const Counters& add) = 0;
  /// The same for rows whose messages were acknowledged already, out of a journal, the first `ago_ms` ago: what a power
  /// cut may take is counted from then.
  virtual Result<void> append_acknowledged(std::span<NewObservation> rows, const Counters& add, std::int64_t ago_ms) {
    (void)ago_ms;
    return append(rows, add);
  }
  /// Of the newest rows but the last `skip`, oldest of them first.
  virtual Result<std::vector<RecentUid>> newest(std::size_t count, std::size_t skip) = 0;
  Result<std::vector<RecentUid>> newest(std::size_t count) { return newest(count, 0); }
  /// Rows known from before that newest() may lack, each told once: the youngest of a database that was set aside, and
  /// those found in it later. Nearly always empty, and cheap then.
  virtual std::vector<RecentUid> found_again() { return {}; }
  virtual Counters counters() const = 0;
  /// False above the high watermark until below the low one: sources should pause.
  virtual bool accepting() const = 0;
};

/// A row that waits for the server.
struct PendingRow {
  RowId id = 0;
  std::int64_t seq = 0;
  std::string epoch;
  Observation observation;            ///< observation.backfilled as fixed at the first try
  /// A weighing or ticket as it goes over the wire (its seq and epoch in it); empty = an observation. Of a document
  /// `observation` has only uid, site, device (the scale), type (the kind), value, unit, received_at: for lists.
  std::string document;
  std::int64_t first_tried_at = 0;    ///< 0 = never tried
  std::int64_t first_refused_at = 0;  ///< 0 = never refused for itself (24 h rule of wire.md §4)
  int put_off = 0;                    ///< how often it was kLater
  bool damaged = false;               ///< it is not as it was written (row hash): never to be sent
};

struct Outcome {
  enum class Kind { kSent, kDead, kLater };
  RowId id = 0;
  Kind kind = Kind::kSent;
  bool duplicate = false;            ///< kSent: the server had it already
  std::int64_t not_before = 0;       ///< kLater: UTC ms
  bool refused = false;              ///< kLater: this very record was refused (starts its 24 h)
  std::string status;                ///< kDead: "rejected" "conflict" "refused"
  std::string code, field, message;  ///< kDead, kLater: the server's words
};

struct DeliveryTotals {
  std::int64_t sent = 0;  ///< rows the server has, ever (committed with the cursor)
  std::int64_t pending = 0;
  std::int64_t dead = 0;
  std::int64_t backlog = 0;  ///< of `pending`, rows the live lane goes ahead of; 0 = one lane
  std::optional<std::int64_t> oldest_pending_at;  ///< received_at
  std::int64_t last_seq = 0;                      ///< of the current epoch
};

/// The facts of the conservation check, all of one moment.
struct Audit {
  Counters counters;
  DeliveryTotals totals;  ///< pending and dead counted row by row, not taken from the totals kept
};

class Delivery {
 public:
  virtual ~Delivery() = default;
  /// Oldest first: rows put off whose time has come, then rows never settled. `everything` = also those whose
  /// time has not come (the probe of a stop). Marks rows as tried at `now` (fixes `backfilled`).
  virtual Result<std::vector<PendingRow>> pending(std::size_t limit, std::int64_t now, bool everything) = 0;
  /// What goes before the backlog (design.md §7, lanes): documents, then rows younger than the backlog, oldest first;
  /// empty where there is no backlog to speak of: pending() has them then. Order per device holds within each lane.
  virtual Result<std::vector<PendingRow>> pending_live(std::size_t limit, std::int64_t now) = 0;
  /// The rows of the backlog that follow `after`, while a request carries those up to it; marked as tried as pending()
  /// does. Empty where pending() would have others first (rows put off).
  virtual Result<std::vector<PendingRow>> pending_after(RowId after, std::size_t limit, std::int64_t now) = 0;
  /// One transaction. Rows not named stay pending. Settling a row twice changes nothing.
  virtual Result<void> settle(std::span<const Outcome> outcomes, std::int64_t now) = 0;
  virtual DeliveryTotals totals() const = 0;
  /// Reads every pending row, in short steps that let appends through: about a second for 3 million.
  virtual Result<Audit> audit() = 0;
};

/// A record the server took.
struct SentRow {
  RowId id = 0;
  std::int64_t seq = 0;
  std::string epoch;
  std::string uid;  ///< 32 lower-case hex digits
  std::int64_t received_at = 0;
};

/// What the server took and may have lost again: set back to an older backup, it lacks what came after.
class SentRows {
 public:
  /// Documents whose row is purged, some at a time.
  struct Documents {
    std::vector<SentRow> rows;
    std::int64_t next = 0;  ///< where to go on
    bool more = false;
  };
  virtual ~SentRows() = default;
  /// Sent rows that are still kept, ascending, those after `after`.
  virtual Result<std::vector<SentRow>> sent_rows(RowId after, std::size_t limit) = 0;
  /// Weighings and tickets whose row is purged already: the alibi memory and the tickets keep them for ever. `from`: 0,
  /// then `next`.
  virtual Result<Documents> sent_documents(std::int64_t from, std::size_t limit) = 0;
  /// No row above it has been sent; 0 = none.
  virtual RowId newest_sent() const = 0;
  /// Makes them pending again, with the same uid, seq and epoch, in one transaction; a purged document becomes a row
  /// again. What is pending, a dead letter or gone is left alone. Answers how many it was. Errors: kFull, kIo.
  virtual Result<std::int64_t> resend(std::span<const SentRow> rows) = 0;
};

/// For people: what waits, oldest first. Marks nothing as tried.
class PendingList {
 public:
  virtual ~PendingList() = default;
  virtual Result<std::vector<PendingRow>> list_pending(std::size_t limit, RowId after) = 0;
};

struct DeadLetter {
  RowId id = 0;
  std::int64_t seq = 0;
  std::string epoch;
  std::int64_t at = 0;  ///< when it was set aside, UTC ms
  std::string status, code, field, message;
  std::string record;  ///< the record as JSON
};

class DeadLetters {
 public:
  virtual ~DeadLetters() = default;
  virtual Result<std::vector<DeadLetter>> dead_letters(std::size_t limit, RowId after) = 0;
  virtual Result<DeadLetter> dead_letter(RowId id) = 0;
  /// Pending again, with the same uid. Errors: kNotFound.
  virtual Result<void> requeue(RowId id) = 0;
  /// All of them, or all with one code; the number of rows.
  virtual Result<std::int64_t> requeue_all(std::string_view code) = 0;
};

/// A truck between its two passes; also after a restart.
struct OpenTicket {
  std::int64_t id = 0;  ///< given by the store, dense; what the operator calls it by
  std::string site, scale;
  std::string vehicle, driver, operator_id;
  std::string direction;        ///< "Receive" "Dispatch" or empty: not known yet
  std::string declared_net_kg;  ///< canonical decimal text; empty = not declared
  std::string order, lot;
  std::int64_t opened_at = 0;  ///< UTC ms
  std::string first_weighing, second_weighing;  ///< uids; empty = not weighed yet
};

/// The alibi memory: append-only, one hash chain per scale and epoch (wire.md §3), never purged. Each record is also a
/// row of the outbox, in the same transaction.
class Weighings {
 public:
  virtual ~Weighings() = default;
  /// Makes `weighing` durable (a full sync, whatever the level) before it returns: gives it uid, seq, epoch, alibi_seq,
  /// prev_hash and hash; the first of an epoch on its scale gets a genesis record before it. `ticket`: an open ticket
  /// whose next free pass it becomes, in the same transaction. Errors: kRefused (the ticket is not open, of another
  /// scale or has both passes), kFull, kIo.
  virtual Result<wire::Weighing> record(const wire::Weighing& weighing, std::optional<std::int64_t> ticket) = 0;
  /// Of one scale, oldest first, genesis records too; `after` in the order they were made (0 = from the start).
  virtual Result<std::vector<std::pair<RowId, wire::Weighing>>> weighings(std::string_view scale, RowId after,
                                                                          std::size_t limit) = 0;
  /// Errors: kNotFound.
  virtual Result<wire::Weighing> weighing(std::string_view uid) = 0;
  /// The newest link of each scale.
  virtual std::vector<wire::ChainHead> chain_heads() const = 0;
};

class Tickets {
 public:
  virtual ~Tickets() = default;
  /// id 0: a new one, its id is given; else changes the open one (never its weighings). Synced.
  virtual Result<OpenTicket> put(const OpenTicket& ticket) = 0;
  virtual Result<std::vector<OpenTicket>> open_tickets() = 0;
  /// Ends open ticket `id` (0: none, for correct and void) with a record that travels: gives it uid, seq, epoch and, but
  /// for a void, the next number of the series {site}-{code}-{epoch}, gapless, in the same transaction; synced. An
  /// empty `action` only takes the open ticket away: its weighings stay in the alibi memory. Errors: kNotFound, kIo.
  virtual Result<wire::ScaleTicket> finish(std::int64_t id, const wire::ScaleTicket& ticket,
                                           std::string_view scale_code) = 0;
  /// The newest finished ones first, or (key not empty) those with that key of wire.md §2: a number, or
  /// `void/{uid of the ticket}`, of whatever epoch.
  virtual Result<std::vector<wire::ScaleTicket>> tickets(std::string_view key, std::size_t limit) = 0;
};

/// Last good answer of gateway.config, as text; kept without expiry.
class Policies {
 public:
  virtual ~Policies() = default;
  virtual Result<std::optional<std::string>> load_config() = 0;
  virtual Result<void> save_config(std::string_view body) = 0;
};

/// What became of damage, and of copies.
struct StoreRecovery {
  std::string damage;         ///< what is wrong with the file in use: it is set aside at the next start; empty = nothing
  std::int64_t damaged_rows = 0;  ///< found since the start, not as they were written; the file itself is sound
  bool restart_due = false;   ///< no use going on in it: end with exit code 75 and start anew
  std::string salvaging;      ///< the directory whose database is being put back; empty = none
  bool inspecting = false;    ///< the file is being looked through behind the start
  std::int64_t put_back = 0;  ///< rows salvaged, of all times
  std::int64_t lost = 0;      ///< rows known to be lost by damage, of all times
  std::string unknown_end{};  ///< rows a damaged file may have held at its end beyond those counted; empty = none
  std::string notice;         ///< why this store counts as a copy; empty = it does not
};

/// Who this store is (design.md §5).
struct StoreIdentity {
  std::string epoch;  ///< the one rows are written in now
  bool provisional = false;
  std::string reason;           ///< why: new_store|restore|corrupt; empty once granted
  std::string last_epoch;       ///< last granted one known; empty = none
  std::string instance;         ///< 16 hex, random per opening
  std::int64_t corrupt_at = 0;  ///< UTC ms; 0 = no corrupt database was ever set aside
  std::string corrupt_kept_in;  ///< the directory it is kept in
  StoreRecovery recovery{};
};

struct StoreSize {
  std::int64_t bytes = 0;  ///< database, WAL and ballast
  std::int64_t max_bytes = 0;
  std::int64_t free_bytes = 0;  ///< of the file system
  int disk_used_pct = 0;
  std::int64_t used_bytes = 0;  ///< of `bytes`, without pages free to be used again
  std::int64_t rows = 0;        ///< rows kept, sent ones included; about
  std::string failure;          ///< why nothing is durable any more (a failed sync); empty = none
  std::int64_t room_bytes = 0;  ///< until readings the server does not have are thinned; sent rows count as room
  bool disk_short = false;      ///< nothing is taken in, and what is missing is free space of the file system
  std::int64_t floor_bytes = 0;  ///< so much of it has to be free
};

class State {
 public:
  virtual ~State() = default;
  virtual StoreIdentity identity() const = 0;
  /// From now on rows carry `epoch`; the provisional one stays in the rows it wrote. Errors: kMalformed (not decimal
  /// digits), kRefused (not above every epoch this store was granted: its uids would come twice), kIo.
  virtual Result<void> grant_epoch(std::string_view epoch) = 0;
  virtual StoreSize size() const = 0;
  /// Syncs and checkpoints; for the end of the process and the idle moment.
  virtual Result<void> flush() = 0;
};

struct BackupFacts {
  std::int64_t bytes = 0;
  std::int64_t rows = 0;  ///< of the outbox
};

class Backups {
 public:
  virtual ~Backups() = default;
  /// A copy of the store as it is at the end of the call, in a new file (0600), checked; appends go on meanwhile. Errors:
  /// kRefused (the file is there already), kFull, kIo, kCorrupt (the copy does not pass its check).
  virtual Result<BackupFacts> backup(const std::filesystem::path& file) = 0;
};

}  // namespace edge
