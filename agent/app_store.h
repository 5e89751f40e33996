#pragma once
#include <memory>

#include "agent/adapters/log/log.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/config.h"

namespace edge {

/// Opens the store. Where the disk has not a byte left for that it waits for room, and says so meanwhile: in the log, on
/// the pages, to the command line and to systemd, which would start it over and over. Errors: those of
/// SqliteStore::open() but kFull, and those of the socket and the pages.
Result<std::unique_ptr<SqliteStore>> open_store(const Config& config, const Clock& clock, Log& log);

}  // namespace edge
