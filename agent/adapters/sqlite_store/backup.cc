#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

#include "agent/adapters/sqlite_store/files.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace fs = std::filesystem;
namespace {

constexpr int kPagesAtOnce = 1'000;                    ///< 1 MiB: a few ms that appends wait
constexpr std::chrono::milliseconds kBetween{5};

/// Copies page by page; a commit of this very connection goes to both, so it never has to begin again.
Result<void> copy_pages(StoreBody& body, SQLite::Database& target) {
  sqlite3_backup* backup = nullptr;
  {
    const std::lock_guard lock(body.mutex);
    backup = sqlite3_backup_init(target.getHandle(), "main", body.db->getHandle(), "main");
  }
  if (backup == nullptr) return fail(Errc::kIo, std::string("backup: ") + target.getErrorMsg());
  int step = SQLITE_OK;
  while (step == SQLITE_OK) {
    {
      const std::lock_guard lock(body.mutex);
      step = sqlite3_backup_step(backup, kPagesAtOnce);
    }
    if (step == SQLITE_OK) std::this_thread::sleep_for(kBetween);
  }
  const std::lock_guard lock(body.mutex);
  const int done = sqlite3_backup_finish(backup);
  if (step == SQLITE_DONE && done == SQLITE_OK) return {};
  if (step == SQLITE_FULL) return fail(Errc::kFull, "no room for the backup");
  return fail(step == SQLITE_CORRUPT ? Errc::kCorrupt : Errc::kIo, std::string("backup: ") + sqlite3_errstr(step));
}

/// Makes one file of it that says what it is, and reads all of it.
Result<BackupFacts> finish_copy(SQLite::Database& copy, std::int64_t now) {
  copy.exec("PRAGMA locking_mode = exclusive");
  copy.exec("PRAGMA journal_mode = delete");
  SQLite::Statement mark(copy, "INSERT OR REPLACE INTO meta(key, value) VALUES('copied_at', ?)");
  mark.bind(1, std::to_string(now));
  mark.exec();
  const std::string verdict = copy.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") return fail(Errc::kCorrupt, "the copy is damaged: " + verdict);
  BackupFacts facts;
  facts.rows = copy.execAndGet("SELECT count(*) FROM outbox").getInt64();
  facts.bytes = copy.execAndGet("PRAGMA page_count").getInt64() * copy.execAndGet("PRAGMA page_size").getInt64();
  return facts;
}

Result<BackupFacts> copy_to(StoreBody& body, const fs::path& file) {
  try {
    SQLite::Database target(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    target.exec("PRAGMA page_size = " + std::to_string(body.page_bytes));
    target.exec("PRAGMA synchronous = off");  // synced once, at the end
    if (auto copied = copy_pages(body, target); !copied) return tl::unexpected(copied.error());
    target.exec("PRAGMA synchronous = full");
    return finish_copy(target, body.clock.utc_ms());
  } catch (const SQLite::Exception& e) {
    return tl::unexpected(to_error(e, file));
  }
}

}  // namespace

Result<BackupFacts> SqliteStore::backup(const fs::path& file) {
  if (file.is_relative()) return fail(Errc::kMalformed, "the backup needs a full path");
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return fail(Errc::kRefused, file.string() + " is there already: name a new file");
  if (fd < 0) return tl::unexpected(io_error("cannot make", file, errno));
  auto facts = copy_to(*body_, file);
  Result<void> synced = facts ? sync_descriptor(fd, file) : Result<void>();
  ::close(fd);  // after SQLite's own: closing it would drop that one's locks
  if (facts && synced) synced = sync_directory(file.parent_path());
  if (facts && synced) return facts;
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(file.string() + suffix, ignored);
  return tl::unexpected(facts ? synced.error() : facts.error());
}

}  // namespace edge
