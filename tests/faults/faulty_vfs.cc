#include "tests/faults/faulty_vfs.h"

#include <sqlite3.h>

#include <cerrno>
#include <new>
#include <string>

#include "tests/faults/disk.h"

namespace edge::test {
namespace {

thread_local int depth = 0;

struct InVfs {
  InVfs() { ++depth; }
  ~InVfs() { --depth; }
};

sqlite3_vfs* unix_vfs() {
  static sqlite3_vfs* const kUnix = sqlite3_vfs_find("unix");
  return kUnix;
}

/// Opened file: SQLite's part, ours, and behind it that of the unix VFS.
struct OpenFile {
  sqlite3_file base{};
  std::string path;
  Disk::Node node;
  std::uint64_t failures_seen = 0;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }

/// The disk, where this file is on it.
Disk* disk_of(const OpenFile& file) { return file.node ? attached() : nullptr; }

Fate fate_of(IoKind kind, OpenFile& file) {
  Disk* const disk = disk_of(file);
  return disk != nullptr && disk->gate ? disk->gate({kind, file.path}) : Fate{};
}

int code_of(const Fate& fate, int otherwise) { return fate.error == ENOSPC ? SQLITE_FULL : otherwise; }

int close_file(sqlite3_file* base) {
  OpenFile& file = of(base);
  const InVfs in;
  const int code = file.real()->pMethods->xClose(file.real());
  file.~OpenFile();
  return code;
}

int read_file(sqlite3_file* base, void* bytes, int count, sqlite3_int64 at) {
  OpenFile& file = of(base);
  if (fate_of(IoKind::kRead, file).error != 0) return SQLITE_IOERR_READ;
  return file.real()->pMethods->xRead(file.real(), bytes, count, at);
}

int write_file(sqlite3_file* base, const void* bytes, int count, sqlite3_int64 at) {
  OpenFile& file = of(base);
  const Fate fate = fate_of(IoKind::kWrite, file);
  const int written = fate.error == 0 ? count : fate.half ? count / 2 : 0;
  if (written > 0) {
    const int code = file.real()->pMethods->xWrite(file.real(), bytes, written, at);
    if (code != SQLITE_OK) return code;
    if (Disk* const disk = disk_of(file)) {
      disk->write(file.node, at, {static_cast<const char*>(bytes), static_cast<std::size_t>(written)});
    }
  }
  return fate.error == 0 ? SQLITE_OK : code_of(fate, SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* base, sqlite3_int64 size) {
  OpenFile& file = of(base);
  if (const Fate fate = fate_of(IoKind::kTruncate, file); fate.error != 0) return code_of(fate, SQLITE_IOERR_TRUNCATE);
  const int code = file.real()->pMethods->xTruncate(file.real(), size);
  if (Disk* const disk = disk_of(file); disk != nullptr && code == SQLITE_OK) disk->resize(file.node, size);
  return code;
}

int sync_file(sqlite3_file* base, int flags) {
  OpenFile& file = of(base);
  const bool fails = fate_of(IoKind::kSync, file).error != 0;
  if (Disk* const disk = disk_of(file); disk != nullptr && fails) disk->forget(file.node);
  if (fails || (file.node && file.node->failures > file.failures_seen)) {
    file.failures_seen = file.node ? file.node->failures : 0;
    return SQLITE_IOERR_FSYNC;
  }
  const InVfs in;  // the unix VFS syncs the file and, the first time, its directory: system_calls.cc tells the disk
  return file.real()->pMethods->xSync(file.real(), flags);
}

int size_of_file(sqlite3_file* base, sqlite3_int64* size) {
  OpenFile& file = of(base);
  if (fate_of(IoKind::kSize, file).error != 0) return SQLITE_IOERR_FSTAT;
  return file.real()->pMethods->xFileSize(file.real(), size);
}

int lock_file(sqlite3_file* file, int level) { return of(file).real()->pMethods->xLock(of(file).real(), level); }
int unlock_file(sqlite3_file* file, int level) { return of(file).real()->pMethods->xUnlock(of(file).real(), level); }
int check_lock(sqlite3_file* file, int* held) {
  return of(file).real()->pMethods->xCheckReservedLock(of(file).real(), held);
}
int control_file(sqlite3_file* file, int what, void* argument) {
  const InVfs in;
  return of(file).real()->pMethods->xFileControl(of(file).real(), what, argument);
}
int sector_size(sqlite3_file* file) { return of(file).real()->pMethods->xSectorSize(of(file).real()); }
int characteristics(sqlite3_file* file) {
  return of(file).real()->pMethods->xDeviceCharacteristics(of(file).real());
}

// Version 1: no shared memory and no mapping; the store locks exclusively and needs neither.
const sqlite3_io_methods kMethods = {1,           close_file, read_file,   write_file, truncate_file,
                                     sync_file,   size_of_file, lock_file, unlock_file, check_lock,
                                     control_file, sector_size, characteristics, nullptr, nullptr,
                                     nullptr,     nullptr,    nullptr,     nullptr};

int open_file(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  auto& file = *new (base) OpenFile;
  Disk* const disk = attached();
  const bool on_disk = disk != nullptr && name != nullptr && disk->has(name);
  if (on_disk && disk->gate && disk->gate({IoKind::kOpen, name}).error != 0) {
    file.~OpenFile();
    base->pMethods = nullptr;
    return SQLITE_CANTOPEN;
  }
  const InVfs in;
  const int code = unix_vfs()->xOpen(unix_vfs(), name, file.real(), flags, out_flags);
  if (code != SQLITE_OK) {
    file.~OpenFile();
    base->pMethods = nullptr;
    return code;
  }
  file.base.pMethods = &kMethods;
  if (on_disk) file.path = name, file.node = disk->node(name), file.failures_seen = file.node->failures;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* /*vfs*/, const char* name, int sync) {
  Disk* const disk = attached();
  const bool on_disk = disk != nullptr && disk->has(name);
  if (on_disk && disk->gate && disk->gate({IoKind::kDelete, name}).error != 0) return SQLITE_IOERR_DELETE;
  const InVfs in;
  return unix_vfs()->xDelete(unix_vfs(), name, sync);
}

int access_file(sqlite3_vfs* /*vfs*/, const char* name, int flags, int* yes) {
  Disk* const disk = attached();
  const bool on_disk = disk != nullptr && disk->has(name);
  if (on_disk && disk->gate && disk->gate({IoKind::kAccess, name}).error != 0) return SQLITE_IOERR_ACCESS;
  return unix_vfs()->xAccess(unix_vfs(), name, flags, yes);
}

}  // namespace

bool is_in_vfs() { return depth > 0; }

void install_faulty_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *unix_vfs();
    made.zName = "faulty";
    made.szOsFile += static_cast<int>(sizeof(OpenFile));
    made.xOpen = open_file;
    made.xDelete = delete_file;
    made.xAccess = access_file;
    return made;
  }();
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace edge::test
