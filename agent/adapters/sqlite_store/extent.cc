#include "agent/adapters/sqlite_store/extent.h"

#include <fstream>
#include <sstream>
#include <system_error>

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

bool write_extent(const fs::path& dir, const Extent& extent) {
  const fs::path path = extent_file(dir);
  fs::path fresh = path;
  fresh += ".new";
  std::ostringstream rows, more;
  rows << extent.last_id << ' ' << extent.sent_upto << '\n';
  more << extent.synced_upto << ' ' << extent.last_weighing << ' ' << extent.at << ' ' << extent.closed << ' '
       << extent.store << '\n';
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << rows.str() << rows.str() << more.str() << more.str();
    if (!out.flush()) return false;
  }
  std::error_code error;
  fs::rename(fresh, path, error);
  return !error;
}

}  // namespace edge
