#include "agent/core/tap.h"

#include "protocols/bytes.h"

namespace edge {
namespace {

/// A line at 300 baud or a port that is no indicator's may hand over large pieces; people read the beginning.
constexpr std::size_t kBytes = 1'024;

}  // namespace

void Tap::note(std::string_view source, std::string_view bytes, std::string_view what, std::int64_t utc_ms) {
  const std::lock_guard lock(mutex_);
  Kept line;
  if (lines_.size() >= kLines) {  // its memory serves again
    line = std::move(lines_.front());
    lines_.pop_front();
  }
  line.number = ++number_;
  line.at = utc_ms;
  line.source = source;
  line.bytes = bytes.substr(0, kBytes);
  line.what = what;
  lines_.push_back(std::move(line));
}

std::vector<Tap::Line> Tap::since(std::int64_t after, std::string_view source, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<Line> out;
  for (const auto& line : lines_) {
    if (out.size() >= limit) break;
    if (line.number <= after || (!source.empty() && line.source != source)) continue;
    out.push_back({line.number, line.at, line.source, to_hex(line.bytes), line.what});
  }
  return out;
}

}  // namespace edge
