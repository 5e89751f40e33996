#include "agent/core/tap.h"

#include "protocols/bytes.h"

namespace edge {
namespace {

/// A line at 300 baud or a port that is no indicator's may hand over large pieces; people read the beginning.
constexpr std::size_t kBytes = 1'024;

}  // namespace

void Tap::note(std::string_view source, std::string_view bytes, std::string_view what, std::int64_t utc_ms) {
  Kept line{0, utc_ms, std::string(source), std::string(bytes.substr(0, kBytes)), std::string(what)};
  const std::lock_guard lock(mutex_);
  line.number = ++number_;
  lines_.push_back(std::move(line));
  if (lines_.size() > kLines) lines_.pop_front();
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
