#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/adapters/sqlite_store/sqlite_store.h"

namespace edge::test {

/// What the store has said yes to, kept outside of it: what must be there after a power cut, and what may be.
class AckJournal {
 public:
  /// One append() of readings; in doubt until acknowledged.
  struct Batch {
    std::vector<std::string> raws;  ///< each of a reading of its own
    std::optional<std::int64_t> acked_ns;
    bool safe = false;  ///< on the disk itself whatever comes
  };
  struct Reading {
    std::string uid;      ///< once known
    bool settled = false;  ///< the server has it, or refused it for good: delivery may have noted it
  };
  struct Scale {
    std::string head_hash;  ///< of the newest link somebody was told of
  };
  struct Ticket {
    bool in_doubt = false;  ///< its end was asked for and not acknowledged
    std::string first, second;
  };

  explicit AckJournal(SyncLevel level) : level_(level) {}

  std::size_t begin(std::vector<std::string> raws);
  void acknowledge(std::size_t batch, std::int64_t now_ns, const std::vector<NewObservation>& rows);
  /// The store has synced: all acknowledged so far stays.
  void all_safe();
  /// The server got these: they and the rows before them stay.
  void handed_out(const std::vector<PendingRow>& rows);
  void settled(const Outcome& outcome, const std::string& raw);

  void weighed(const wire::Weighing& weighing) { weighings[weighing.stamp.uid] = weighing.hash; }
  void numbered(const wire::ScaleTicket& ticket) { tickets[ticket.stamp.uid] = ticket.number; }

  /// Everything that is wrong with `store` after a cut at `cut_ns`; empty = all is well. What was lost rightly is
  /// forgotten. `slow`: a sync may take longer than 100 ms.
  std::vector<std::string> check(SqliteStore& store, std::int64_t cut_ns, bool slow);

  std::map<std::string, std::string> weighings;  ///< acknowledged: uid to hash
  std::map<std::string, std::string> tickets;    ///< finished and acknowledged: uid to number
  std::map<std::int64_t, Ticket> open;           ///< open tickets acknowledged
  std::string epoch;                             ///< the newest one granted and acknowledged
  std::int64_t duplicates_safe = 0, duplicates = 0;
  std::int64_t acked_rows = 0, lost_rows = 0, oldest_lost_ms = 0;  ///< for the report

 private:
  struct Found;
  void check_readings(const Found& found, std::int64_t cut_ns, bool slow);
  void check_loss(const std::vector<const Batch*>& lost, std::int64_t cut_ns, bool slow);
  void check_counters(SqliteStore& store);
  void check_alibi(SqliteStore& store);
  void check_tickets(SqliteStore& store);
  void complain(std::string what) { faults_.push_back(std::move(what)); }

  SyncLevel level_;
  std::vector<Batch> batches_;
  std::map<std::string, Reading> readings_;      ///< by raw
  std::map<std::string, std::string> server_;    ///< uid to raw or document: what the server was given
  std::vector<std::string> faults_;
};

}  // namespace edge::test
