#pragma once
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// What went over the lines lately, for `edge-agent tap`. Safe from any thread; keeps the newest kLines.
class Tap {
 public:
  static constexpr std::size_t kLines = 512;
  struct Line {
    std::int64_t number = 0;  ///< dense, from 1
    std::int64_t at = 0;      ///< UTC ms
    std::string source, hex, what;
  };
  void note(std::string_view source, std::string_view bytes, std::string_view what, std::int64_t utc_ms);
  /// Lines above `after` of one source (empty = all), oldest first.
  std::vector<Line> since(std::int64_t after, std::string_view source, std::size_t limit) const;

 private:
  /// As it came: nearly no line is ever looked at, so it is put into words then.
  struct Kept {
    std::int64_t number = 0, at = 0;
    std::string source, bytes, what;
  };
  mutable std::mutex mutex_;
  std::deque<Kept> lines_;
  std::int64_t number_ = 0;
};

}  // namespace edge
