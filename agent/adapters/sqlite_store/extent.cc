#include "agent/adapters/sqlite_store/extent.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace edge {
namespace fs = std::filesystem;

fs::path extent_file(const fs::path& dir) { return dir / "extent"; }

/// Each line stands there twice: a damaged one is not believed. The second pair is younger than the first agents.
std::optional<Extent> read_extent(const fs::path& dir) {
  std::ifstream in(extent_file(dir));
  std::string line, again;
  Extent extent;
  if (!std::getline(in, line) || !std::getline(in, again) || line != again) return std::nullopt;
  if (!(std::istringstream(line) >> extent.last_id >> extent.sent_upto)) return std::nullopt;
  if (!std::getline(in, line) || !std::getline(in, again) || line != again) return extent;
  std::istringstream more(line);
  more >> extent.synced_upto >> extent.last_weighing >> extent.at >> extent.closed >> extent.store;
  if (more) {
    extent.complete = true;
    return extent;
  }
  Extent rows_only;
  rows_only.last_id = extent.last_id;
  rows_only.sent_upto = extent.sent_upto;
  return rows_only;
}

/// In place, and within one sector: a file put in the place of another is written out at once by ext4, and this is done each
/// second with the store's mutex held.
bool write_extent(const fs::path& dir, const Extent& extent) {
  constexpr std::size_t kBytes = 512;
  std::ostringstream rows, more;
  rows << extent.last_id << ' ' << extent.sent_upto << '\n';
  more << extent.synced_upto << ' ' << extent.last_weighing << ' ' << extent.at << ' ' << extent.closed << ' '
       << extent.store << '\n';
  std::string text = rows.str() + rows.str() + more.str() + more.str();
  if (text.size() > kBytes) return false;
  text.resize(kBytes, '\n');
  const int fd = ::open(extent_file(dir).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return false;
  const bool written = ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return written;
}

}  // namespace edge
