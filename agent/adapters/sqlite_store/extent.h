#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "agent/ports/store.h"

namespace edge {

/// Rows that may have been written since the last note, at most: it is made anew before there are more.
inline constexpr RowId kMostUnnoted = 4'096;

/// How far a store's rows go, noted beside the database now and then: what can be said of an end that is cut off.
struct Extent {
  RowId last_id = 0, sent_upto = 0;
  bool complete = false;      ///< what follows is there: notes of an older agent end here
  RowId synced_upto = 0;      ///< rows known to be on the disk itself then: they are there, or lost by damage
  RowId last_weighing = 0;    ///< of the alibi memory
  std::int64_t at = 0;        ///< UTC ms
  bool closed = false;        ///< written by a proper end: there was no row behind it
  std::string store{};        ///< meta `store` of the database it speaks of
};

std::filesystem::path extent_file(const std::filesystem::path& dir);
/// Nothing where there is none or it is damaged.
std::optional<Extent> read_extent(const std::filesystem::path& dir);
/// Best effort, not synced. False: it is as it was.
bool write_extent(const std::filesystem::path& dir, const Extent& extent);

}  // namespace edge
