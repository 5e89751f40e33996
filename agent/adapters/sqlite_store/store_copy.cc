#include "agent/adapters/sqlite_store/store_copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "agent/adapters/sqlite_store/files.h"
#include "agent/adapters/sqlite_store/lock_file.h"
#include "agent/adapters/sqlite_store/schema.h"
#include "agent/adapters/sqlite_store/store_body.h"

namespace edge {
namespace fs = std::filesystem;
namespace {

constexpr mode_t kMode = 0640;

fs::path with(fs::path file, const char* suffix) { return file += suffix; }

/// Takes the file away again unless it was kept.
class Draft {
 public:
  explicit Draft(fs::path file) : file_(std::move(file)) { remove(); }
  ~Draft() {
    if (!kept_) remove();
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  const fs::path& path() const { return file_; }
  /// Synced, under its final name.
  Result<void> keep_as(const fs::path& name) {
    const int fd = ::open(file_.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return tl::unexpected(io_error("cannot open", file_, errno));
    (void)::fchmod(fd, kMode);
    auto synced = sync_descriptor(fd, file_);
    ::close(fd);
    if (!synced) return synced;
    std::error_code error;
    fs::rename(file_, name, error);
    if (error) return tl::unexpected(io_error("cannot rename", file_, error.value()));
    kept_ = true;
    return sync_directory(name.parent_path());
  }

 private:
  void remove() const {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(with(file_, suffix), ignored);
  }
  fs::path file_;
  bool kept_ = false;
};

Result<void> check_copy(SQLite::Database& db, const fs::path& file) {
  const std::string verdict = db.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") return fail(Errc::kCorrupt, file.string() + " is damaged: " + verdict);
  if (db.execAndGet("PRAGMA application_id").getInt() != kApplicationId) {
    return fail(Errc::kCorrupt, file.string() + " is no database of edge-agent");
  }
  if (db.execAndGet("PRAGMA user_version").getInt() > newest_schema()) {
    return fail(Errc::kUnsupported, file.string() + " was made by a newer edge-agent: install that one first");
  }
  return {};
}

/// Marks the draft as a copy, so that the store goes on in an epoch of its own.
Result<void> prepare(const fs::path& draft, const fs::path& backup, std::int64_t now) {
  try {
    SQLite::Database db(draft.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    db.exec("PRAGMA locking_mode = exclusive");
    if (auto good = check_copy(db, backup); !good) return good;
    db.exec("PRAGMA journal_mode = delete");
    SQLite::Statement mark(db, "INSERT OR REPLACE INTO meta(key, value) VALUES('copied_at', ?)");
    mark.bind(1, std::to_string(now));
    mark.exec();
    return {};
  } catch (const SQLite::Exception& e) {
    return tl::unexpected(to_error(e, backup));
  }
}

Result<void> vacuum_into(const fs::path& database, const fs::path& draft) {
  try {
    SQLite::Database db = open_connection(database, SyncLevel::kTimed);
    sqlite3_db_config(db.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    db.execAndGet("PRAGMA wal_checkpoint(TRUNCATE)");
    SQLite::Statement into(db, "VACUUM INTO ?");
    into.bind(1, draft.string());
    into.exec();
    SQLite::Database made(draft.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    made.exec("PRAGMA locking_mode = exclusive");
    return check_copy(made, draft);
  } catch (const SQLite::Exception& e) {
    return tl::unexpected(to_error(e, database));
  }
}

}  // namespace

Result<fs::path> restore_backup(const StoreOptions& options, const fs::path& backup, const Clock& clock) {
  std::error_code error;
  if (!fs::exists(backup, error)) return fail(Errc::kNotFound, "there is no " + backup.string());
  if (bytes_on_disk(with(backup, "-wal")) > 0) {
    return fail(Errc::kRefused, "beside " + backup.string() +
                                    " lies a -wal file: it was copied from a running store, not made by outbox backup");
  }
  fs::create_directories(options.dir, error);
  auto lock = LockFile::take(options.dir);
  if (!lock) return tl::unexpected(lock.error());
  const fs::path database = options.dir / "edge.sqlite";
  Draft draft(options.dir / "edge.sqlite.restore");
  fs::copy_file(backup, draft.path(), error);
  if (error) return tl::unexpected(io_error("cannot copy", backup, error.value()));
  if (auto ready = prepare(draft.path(), backup, clock.utc_ms()); !ready) return tl::unexpected(ready.error());
  fs::path kept;
  if (fs::exists(database) || fs::exists(with(database, "-wal"))) {
    auto aside = set_aside(database, "replaced-", clock.utc_ms());
    if (!aside) return aside;
    kept = *aside;
  }
  fs::remove(options.dir / "suspect", error);
  if (auto placed = draft.keep_as(database); !placed) return tl::unexpected(placed.error());
  return kept;
}

Result<Compacted> compact_store(const StoreOptions& options) {
  const fs::path database = options.dir / "edge.sqlite";
  if (bytes_on_disk(database) == 0) return fail(Errc::kNotFound, "there is no store in " + options.dir.string());
  auto lock = LockFile::take(options.dir);
  if (!lock) return tl::unexpected(lock.error());
  Compacted sizes{bytes_on_disk(database) + bytes_on_disk(with(database, "-wal")), 0};
  const std::int64_t room = disk_space(options.dir).free_bytes;
  if (room < sizes.before) {
    return fail(Errc::kFull, "compacting needs " + std::to_string(sizes.before) +
                                 " bytes of free space beside the store, " + std::to_string(room) + " are free");
  }
  Draft draft(options.dir / "edge.sqlite.compact");
  if (auto made = vacuum_into(database, draft.path()); !made) return tl::unexpected(made.error());
  if (bytes_on_disk(with(database, "-wal")) > 0) {
    return fail(Errc::kRefused, "another process reads " + database.string());
  }
  sizes.after = bytes_on_disk(draft.path());
  if (auto placed = draft.keep_as(database); !placed) return tl::unexpected(placed.error());
  return sizes;
}

}  // namespace edge
