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
    std::int64_t sent = 0, later = 0, dead = 0, holes = 0;
  };
  void settle_fresh(RowId id, const Outcome* outcome);
  void settle_put_off(const Outcome& outcome);
  void put_off(ExceptionRow row, const Outcome& outcome);
  void set_dead(ExceptionRow row, const Outcome& outcome);
  void note_sent();

  StoreBody& body_;
  std::int64_t now_;
  std::vector<const Outcome*> outcomes_;  ///< by id, each once
  RowId upto_;                            ///< the cursor afterwards
  bool marked_ = false;
  Gain gain_;
};

}  // namespace edge
