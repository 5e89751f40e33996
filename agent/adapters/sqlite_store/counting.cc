#include "agent/adapters/sqlite_store/counting.h"

#include <array>
#include <cstdint>

#include "agent/ports/journal.h"

namespace edge {
namespace {

// Position + 1 is the stored number: only ever append.
const std::array<Counters, 3>& usual() {
  static const std::array<Counters, 3> kUsual = {Counters{{"messages", 1}, {"decoded", 1}, {"readings", 1}},
                                                 Counters{{"messages", 1}, {"undecodable", 1}, {"readings", 1}},
                                                 Counters{{"messages", 1}, {"decoded", 1}, {"readings", 1}, {kJournalPosition, 1}}};
  return kUsual;
}

}  // namespace

int tally_of(std::size_t rows, const Counters& add) {
  if (rows != 1) return 0;
  for (std::size_t i = 0; i < usual().size(); ++i) {
    if (usual()[i] == add) return static_cast<int>(i) + 1;
  }
  return 0;
}

void add_tally(int tally, std::int64_t times, Counters& counters) {
  if (tally < 1 || static_cast<std::size_t>(tally) > usual().size()) return;
  for (const auto& [name, count] : usual()[static_cast<std::size_t>(tally) - 1]) counters[name] += count * times;
}

}  // namespace edge
