"""A small file system of its own (tmpfs): ENOSPC is real there."""

import subprocess
from pathlib import Path


class NoMount(Exception):
    """Mounting is not permitted here; the text says why."""


def unmount(folder: Path) -> None:
    """Whether or not something is mounted there or still open."""
    subprocess.run(["umount", "-q", "-l", str(folder)], check=False, stderr=subprocess.DEVNULL)


class SmallDisk:
    def __init__(self, folder: Path, mib: int):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", str(self.folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError as e:
            raise NoMount(f"mount: {e}") from e
        if done.returncode != 0:
            raise NoMount(done.stderr.strip())

    def fill(self, leave_kib: int = 0) -> Path:
        """Somebody else's file takes all but so much; the file."""
        file = self.folder / "somebody-elses.log"
        with file.open("ab", buffering=0) as out:
            try:
                while True:
                    out.write(b"x" * 65536)
            except OSError:
                pass  # full: what was wanted
        if leave_kib:
            with file.open("r+b") as out:
                out.truncate(max(0, file.stat().st_size - leave_kib * 1024))
        return file

    def close(self) -> None:
        unmount(self.folder)
