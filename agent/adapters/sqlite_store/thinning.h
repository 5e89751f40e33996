#pragma once
#include <array>
#include <cstdint>

#include "agent/ports/store.h"

namespace edge {

struct StoreBody;

/// Makes room at the cost of rows the server does not have (design.md §6): OK telemetry, Invalid, Warning, folded
/// Quarantine, the oldest of each first, a counted gap record for what goes. Before Invalid and Quarantine rows go they
/// are folded. Single Quarantine rows, weighings, tickets, gaps and amends stay, and so does every row that was handed
/// out and may have arrived.
class Thinning {
 public:
  /// A few milliseconds' work. False where nothing is left that may go.
  bool step(StoreBody& body, std::int64_t now);

 private:
  static constexpr std::size_t kStages = 6;
  enum class Found { kWork, kLooked, kNothing };
  Found run(std::size_t stage, StoreBody& body, std::int64_t now);
  Found thin(std::size_t stage, StoreBody& body, std::int64_t now);
  Found fold(std::size_t stage, StoreBody& body, std::int64_t now);

  std::array<RowId, kStages> passed_{};  ///< rows up to here were looked at
  std::int64_t look_again_at_ = 0;       ///< mono ms: from the first row on
};

}  // namespace edge
