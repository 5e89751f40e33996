#pragma once

namespace edge::test {

/// Makes the VFS of SQLite's files on the attached disk (disk.h) the default one. Without a disk it is "unix".
void install_faulty_vfs();

/// True while SQLite's own VFS makes system calls: they were counted as calls of SQLite.
bool is_in_vfs();

}  // namespace edge::test
