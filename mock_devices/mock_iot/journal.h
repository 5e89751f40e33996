#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "mock_devices/mock_iot/message.h"

namespace edge::mock {

/// What was sent and what the broker has acknowledged, as JSON lines: the publisher's side of every count test.
///
/// A line is written before its message leaves, so nothing can arrive that the journal does not know. Safe from any
/// thread.
class Journal {
 public:
  /// Without a path nothing is written. Throws std::runtime_error where the file cannot be opened.
  explicit Journal(const std::filesystem::path& path);

  void sent(std::uint64_t n, const SensorMessage& message);
  void acked(std::uint64_t n);
  /// The broker lost the session: message `n` goes out once more and may double.
  void resent(std::uint64_t n);
  void flush();

 private:
  std::mutex mutex_;
  std::ofstream file_;
  bool on_;
};

}  // namespace edge::mock
