#pragma once
#include <cstdint>
#include <vector>

#include "agent/ports/source.h"
#include "agent/ports/store.h"

namespace edge {

/// The counter of the store that tells how far it has taken the journal: the number of the last message in it.
inline constexpr const char* kJournalPosition = "journal";

inline std::int64_t journal_position(const Counters& counters) {
  const auto found = counters.find(kJournalPosition);
  return found == counters.end() ? 0 : found->second;
}

/// Keeps messages from their acknowledgement until the store has them: through a kill -9, where the operating system lives
/// on. Not through a power cut: that promise is the store's, counted from the acknowledgement.
class Journal {
 public:
  virtual ~Journal() = default;
  /// Gives `message` the next number and keeps it. Errors: kFull where it does not fit beside what is not taken yet; kIo.
  virtual Result<void> append(ArrivedMessage& message) = 0;
  /// The store has everything up to this number.
  virtual void taken(std::uint64_t upto) = 0;
  /// What was kept and never taken when it was opened, ascending.
  virtual std::vector<ArrivedMessage> left() = 0;
};

}  // namespace edge
