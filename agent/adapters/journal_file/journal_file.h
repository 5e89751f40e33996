#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ports/journal.h"

namespace edge {

/// The journal as a file of fixed size, `journal` in the state directory, written round and round and never synced. Its
/// bytes are taken from the disk when it is made: a full disk does not stop it.
///
///     0     64  magic, version, a random secret: entries of somebody else's making do not count
///   512     64  how far the store has taken it
///  4096    ...  entries (journal_entry.h)
///
/// Each of the two heads has a hash of its own. Where the first is damaged nothing in the file can be believed: it is kept
/// as `journal.damaged` and a new one begins. One thread at a time.
class JournalFile : public Journal {
 public:
  static constexpr std::size_t kCapacity = 1'048'576;  ///< bytes for entries

  /// `position`: how far the store has taken it. `news`: what a technician should read. Errors: kIo, kFull.
  static Result<std::unique_ptr<JournalFile>> open(const std::filesystem::path& dir, std::int64_t position,
                                                   const std::function<void(std::string_view)>& news);
  ~JournalFile() override;
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  Result<void> append(ArrivedMessage& message) override;
  void taken(std::uint64_t upto) override;
  std::vector<ArrivedMessage> left() override { return std::move(left_); }

 private:
  struct Live {
    std::uint64_t number;
    std::size_t at, bytes;
  };
  explicit JournalFile(int fd) : fd_(fd) {}
  void read_entries(std::string_view file, std::uint64_t position);
  bool place(std::size_t bytes, std::size_t& at) const;

  int fd_;
  std::string secret_, scratch_;
  std::uint64_t next_ = 1;
  std::size_t tail_ = 0;    ///< where the next entry would begin
  std::deque<Live> live_;   ///< not taken yet, ascending; the rest of the area is free
  std::vector<ArrivedMessage> left_;
};

}  // namespace edge
