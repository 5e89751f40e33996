#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/adapters/sqlite_store/gaps.h"
#include "agent/ports/store.h"

namespace edge {

struct StoreBody;

/// How a row stands with the server; only the first two may leave the outbox to make room.
enum class Standing {
  kFresh,   ///< never handed out: the server cannot have it
  kPutOff,  ///< the server has said it did not keep it, and it is not due
  kBound,   ///< under way, set aside, or sent
};

/// Rows that leave the outbox in one transaction, with everything that has to be said about it.
struct Removal {
  std::vector<RowId> fresh, put_off, dead;  ///< by how they stand; `dead`: dead letters
  std::optional<Loss> loss;                 ///< nothing where the readings live on in a folded row
  std::vector<std::pair<RowId, NewObservation>> rewritten;  ///< rows that take others in
  Counters add;                                             ///< may be negative

  bool empty() const { return fresh.empty() && put_off.empty() && dead.empty(); }
};

/// One transaction. Never with the newest row among them: its id is what the next one is counted from.
Result<void> remove_rows(StoreBody& body, const Removal& removal);

}  // namespace edge
