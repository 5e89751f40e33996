#pragma once
#include <cstddef>
#include <cstdint>

#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {

/// Looks through a store that was not closed properly, behind the running agent: every row of the outbox and every
/// document by its hash, the other tables by SQLite's quick_check. Rows of an older schema that wait get their hash.
class Inspection {
 public:
  explicit Inspection(StoreBody& body) : body_(body) {}

  /// One short step; takes the mutex for a few ms. False: it is done or was not due.
  Result<bool> step();

 private:
  bool rows();
  bool documents(const char* table, const char* wrong);
  bool tables();

  StoreBody& body_;
  int stage_ = 0;
  RowId next_id_ = 0;
  std::size_t table_ = 0;
};

}  // namespace edge
