#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {

/// One settle(): the server's word on rows that were handed out. write() goes into a transaction and may run twice;
/// book() brings the ledger along once that is committed.
class Settlement {
 public:
  Settlement(StoreBody& body, std::span<const Outcome> outcomes, std::int64_t now);
  void write();
  void book();

 private:
  struct Gain {
    std::int64_t sent = 0, later = 0, dead = 0, holes_passed = 0;
  };
  using Outcomes = std::vector<const Outcome*>;  ///< by id, each once

  void sort_out(const Outcome& outcome);
  /// Of a lane's rows in their turn: every id up to the last one named is settled afterwards.
  void advance(RowId after, const Outcomes& named);
  void pass_over(RowId first, RowId last);
  void settle_fresh(RowId id, const Outcome* outcome);
  void settle_out_of_turn(const Outcome& outcome);
  void settle_put_off(const Outcome& outcome);
  void put_off(ExceptionRow row, const Outcome& outcome);
  void set_dead(ExceptionRow row, const Outcome& outcome);
  void write_live();
  void note_sent();

  StoreBody& body_;
  std::int64_t now_;
  Outcomes put_off_, out_of_turn_, backlog_, live_;
  Region backlog_region_, live_region_;
  RowId tried_backlog_, tried_live_;
  RowId upto_, live_upto_;  ///< the last row of each lane that is settled afterwards
  RowId cursor_ = 0;        ///< afterwards, over the pieces it touches
  bool marked_ = false;
  std::int64_t marked_at_ = 0;  ///< of the clock of retention
  Gain gain_;
};

}  // namespace edge
