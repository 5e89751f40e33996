#pragma once
#include <filesystem>

namespace edge {

/// Whether commits stand in SQLite's write-ahead log behind a place where its checksums break. SQLite takes such a place
/// for the end and drops what follows without a word. A log torn at its very end by a power cut is not meant: nothing
/// of the present run of the log follows there. The file format: sqlite.org/fileformat2.html#walformat.
bool has_commits_behind_damage(const std::filesystem::path& log);

}  // namespace edge
