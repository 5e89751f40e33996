#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/tools/fault_sink/batch.h"

namespace edge::sink {

enum class Verdict { kStored, kDuplicate, kConflict };

struct Counts {
  std::uint64_t batches = 0, records = 0;  ///< received since the start of this process
  std::uint64_t stored = 0;                ///< distinct uids, those of earlier processes too
  std::uint64_t duplicates = 0, conflicts = 0;
  std::uint64_t contents = 0;  ///< distinct (kind, device, digest)
};

/// What was stored: every uid once, with what it stood for. Thread-safe.
/// With a file each new record is one line "uid kind device digest", written before the answer; it is read at the start,
/// so that the ledger outlives a kill of the process.
class Ledger {
 public:
  explicit Ledger(const std::filesystem::path& file);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// One verdict a record, in order. Ends the process where the file cannot be written: nothing may be answered then.
  std::vector<Verdict> take(std::span<const Record> records);
  Counts counts() const;

 private:
  using Uid = std::array<std::uint64_t, 2>;
  struct Hash {
    std::size_t operator()(const Uid& uid) const { return uid[0] ^ uid[1]; }
  };
  Verdict note(const Record& record);
  void load(const std::filesystem::path& file);

  mutable std::mutex mutex_;
  std::unordered_map<Uid, std::uint64_t, Hash> uids_;  ///< → hash of the content
  std::unordered_set<std::uint64_t> contents_;
  Counts counts_;
  int fd_ = -1;
};

}  // namespace edge::sink
