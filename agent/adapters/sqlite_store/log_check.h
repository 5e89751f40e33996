#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>

namespace edge {

/// The number of the first frame (0-based) in SQLite's write-ahead log whose checksum breaks although commits of the
/// same run of the log stand behind it. SQLite takes such a place for the end and drops what follows without a word. A log
/// torn at its very end is not meant. The file format: sqlite.org/fileformat2.html#walformat.
std::optional<std::size_t> find_broken_frame(const std::filesystem::path& log);

}  // namespace edge
