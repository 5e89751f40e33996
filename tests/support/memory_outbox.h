#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/ports/store.h"
#include "protocols/record/identity.h"

namespace edge::test {

/// An outbox in memory; fails when told to.
class MemoryOutbox : public Outbox {
 public:
  Result<void> append(std::span<NewObservation> added, const Counters& add) override {
    if (failure) return tl::unexpected(*failure);
    for (NewObservation& row : added) {
      const std::string seq = std::to_string(rows.size() + 1);
      if (row.observation.uid.empty()) row.observation.uid = uid_of_sequence("gw", "1", "observation", seq);
      rows.push_back(row);
    }
    for (const auto& [name, count] : add) totals[name] += count;
    return {};
  }
  using Outbox::newest;
  Result<std::vector<RecentUid>> newest(std::size_t count, std::size_t skip) override {
    std::vector<RecentUid> recent;
    const std::size_t end = rows.size() - std::min(skip, rows.size());
    for (std::size_t i = end - std::min(count, end); i < end; ++i) {
      const Observation& o = rows[i].observation;
      recent.push_back({o.uid, o.site, o.device, o.index, o.raw_sha256, rows[i].packet_id, o.identity});
    }
    return recent;
  }
  std::vector<RecentUid> found_again() override { return std::exchange(found, {}); }
  Counters counters() const override { return totals; }
  bool accepting() const override { return true; }

  std::vector<NewObservation> rows;
  Counters totals;
  std::vector<RecentUid> found;  ///< what found_again() tells next
  std::optional<Error> failure;
};

}  // namespace edge::test
