"""The include checker: who may include whom (docs/architecture.md), held on every file of C++.

`violations(root)` answers one line per breach, "path:line: what is wrong". Standard library only.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

MAX_LINES = 400
MAX_MAIN_LINES = 40
CXX = {".h", ".cc"}
COUNTED = {".h", ".cc", ".py", ".sh", ".js", ".pyi"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')

STANDARD = set(
    """algorithm any array atomic barrier bit bitset charconv chrono compare complex concepts condition_variable coroutine
    deque exception execution filesystem forward_list format fstream functional future initializer_list iomanip ios iosfwd
    iostream istream iterator latch limits list locale map memory memory_resource mutex new numbers numeric optional
    ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream stack
    stdexcept stop_token streambuf string string_view syncstream system_error thread tuple type_traits typeindex typeinfo
    unordered_map unordered_set utility valarray variant vector version cassert cctype cerrno cfenv cfloat cinttypes
    climits clocale cmath csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype""".split()
)
# Input, output, clock, thread and environment: not for code that takes bytes or values and answers values. (<cstdio>
# and <cstdlib> have snprintf and strtod; what else they have is in FORBIDDEN_CALLS.)
IMPURE = set(
    """atomic barrier condition_variable csignal ctime filesystem fstream future iostream latch mutex
    semaphore shared_mutex stop_token syncstream thread""".split()
)
# A library's header prefix → the only places that may include it (path prefixes).
HOMES = {
    "nlohmann/": ["protocols/wire/", "protocols/mqtt/", "agent/adapters/", "agent/cli/"],
    "tl/expected.hpp": ["protocols/result.h"],
    "spdlog/": ["agent/adapters/", "agent/app"],
    "curl/": ["agent/adapters/frappe_sink/http_client"],
    "httplib.h": ["agent/adapters/local_http"],
    "openssl/": ["agent/adapters/"],
    "mqtt/": ["agent/adapters/mqtt_source"],
    "MQTT": ["agent/adapters/mqtt_source"],
    "SQLiteCpp/": ["agent/adapters/sqlite_store"],
    "sqlite3.h": ["agent/adapters/sqlite_store"],
    "xxhash.h": ["agent/adapters/sqlite_store"],
    "prometheus/": ["agent/adapters/"],
    "toml++/": ["agent/config"],
    "CLI/": ["agent/main.cc", "agent/cli/"],
    "systemd/": ["agent/adapters/"],
    "modbus/": ["agent/adapters/modbus_source"],
    "zlib.h": ["agent/adapters/"],
    "date/": ["agent/adapters/"],
    "protozero/": ["protocols/mqtt/"],
    "pybind11/": ["frappe_ext/native/"],
    "Python.h": ["frappe_ext/native/"],
    # The compiler's own, for the SHA instructions of x86.
    "cpuid.h": ["protocols/record/sha256_blocks"],
    "immintrin.h": ["protocols/record/sha256_blocks"],
}
# Of these, every file that includes it must belong to one and the same adapter.
ONE_ADAPTER = [
    "curl/",
    "httplib.h",
    "mqtt/",
    "MQTT",
    "SQLiteCpp/",
    "sqlite3.h",
    "prometheus/",
    "systemd/",
    "modbus/",
    "zlib.h",
]
# Parts of the agent's root that name no adapter.
ROOT_PARTS = ["agent/secrets.h", "agent/signals.h", "agent/status_board.h", "agent/uplink.h", "agent/version.h"]
# Folder → what of ours it may include (path prefixes). The longest matching folder counts.
MAY_INCLUDE = {
    "protocols/record/": ["protocols/record/", "protocols/bytes.h"],
    "protocols/bytes": ["protocols/bytes.h"],
    "protocols/result.h": [],
    "protocols/": ["protocols/"],
    "agent/ports/": ["agent/ports/", "protocols/"],
    "agent/core/": ["agent/core/", "agent/ports/", "protocols/"],
    "agent/adapters/": ["agent/adapters/", "agent/core/", "agent/ports/", "agent/config.h", "protocols/"],
    "agent/cli/": [
        "agent/cli/",
        "agent/app.h",
        "agent/ask.h",
        "agent/config.h",
        "agent/config_values.h",
        "agent/enroll.h",
        *ROOT_PARTS,
        "protocols/",
    ],
    # The composition root: app for the running agent, ask for the command line beside it, settings for both.
    "agent/app": ["agent/", "protocols/"],
    "agent/ask": ["agent/", "protocols/"],
    "agent/settings": ["agent/", "protocols/"],
    "agent/enroll": ["agent/", "protocols/"],
    "agent/config": ["agent/config", "agent/core/line_settings.h", "agent/device_map.h", "protocols/"],
    # A register map is read by the means of the configuration.
    "agent/device_map": ["agent/config", "agent/device_map.h", "protocols/"],
    "agent/": ["agent/core/", "agent/ports/", "agent/config.h", *ROOT_PARTS, "protocols/"],
    "agent/main.cc": ["agent/app.h", "agent/cli/", "agent/config.h", "agent/signals.h"],
    "frappe_ext/native/": ["frappe_ext/native/", "protocols/record/", "protocols/bytes.h"],
    "mock_devices/": ["mock_devices/", "protocols/"],
}
# Code in tests and mocks may use any library the tests link.
FREE_LIBRARIES = ("mock_devices/", "tests/")
# Names no pure code may call, whatever it includes.
FORBIDDEN_CALLS = {
    ("protocols/", "agent/core/"): re.compile(
        r"\b(getenv|sleep_for|sleep_until|system_clock::now|steady_clock::now|std::cout|std::cerr|f?printf\(|fopen\(|system\()"
    )
}
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b|\bxox[baprs]-[A-Za-z0-9-]{10,}"
)


def source_files(root: Path) -> list[str]:
    """Tracked and new files as git sees them; without git, all but build folders."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
            capture_output=True,
            text=True,
            check=True,
        )
        names = done.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        skip = {"build", ".git", ".venv", ".run", "node_modules", "__pycache__"}
        found = (path.relative_to(root) for path in root.rglob("*"))
        names = [str(path) for path in found if not skip & set(path.parts)]
    return sorted(name for name in names if (root / name).is_file())


def adapter_of(path: str) -> str:
    """A folder of agent/adapters/ or a single file's stem: sqlite_store/schema.cc and sqlite_store.h are one."""
    return Path(path.removeprefix("agent/adapters/")).parts[0].split(".")[0]


def violations(root: Path) -> list[str]:
    names = source_files(root)
    found: list[str] = []
    for name in names:
        path = root / name
        if path.suffix in COUNTED:
            found += check_size(name, path)
        if path.suffix in CXX:
            found += check_cxx(root, name, path)
        found += check_secrets(name, path)
    found += check_one_adapter(root, names)
    return found


def check_size(name: str, path: Path) -> Iterator[str]:
    count = len(path.read_text(errors="replace").splitlines())
    limit = MAX_MAIN_LINES if name == "agent/main.cc" else MAX_LINES
    if count > limit:
        yield f"{name}:{count}: {count} lines, at most {limit}"


def check_secrets(name: str, path: Path) -> Iterator[str]:
    if name == "tests/arch/rules.py" or path.stat().st_size > 1_000_000:
        return
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if SECRETS.search(line):
            yield f"{name}:{number}: looks like a secret"


def includes(path: Path) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1], match[2]


def check_cxx(root: Path, name: str, path: Path) -> Iterator[str]:
    text = path.read_text(errors="replace")
    if path.suffix == ".h" and "#pragma once" not in text:
        yield f"{name}:1: header without #pragma once"
    for folders, pattern in FORBIDDEN_CALLS.items():
        if name.startswith(folders):
            for number, line in enumerate(text.splitlines(), 1):
                if pattern.search(line.split("//")[0]):
                    yield f"{name}:{number}: no clock, sleep, environment or output here"
    for number, kind, target in includes(path):
        why = check_own(root, name, target) if kind == '"' else check_library(name, target)
        if why:
            yield f"{name}:{number}: {why}"


def check_own(root: Path, name: str, target: str) -> str | None:
    if name.startswith("tests/") and ((root / name).parent / target).is_file():
        return None  # what only the tests of one folder share
    if not (root / target).is_file():
        return f'"{target}" is no path from the repository root'
    if name.startswith("tests/"):
        return None
    folder = max((key for key in MAY_INCLUDE if name.startswith(key)), key=len, default=None)
    if folder is None:
        return f"no rule says what {name} may include"
    if not any(target.startswith(allowed) for allowed in MAY_INCLUDE[folder]):
        return f"{folder} may not include {target}"
    if name.startswith("agent/adapters/") and target.startswith("agent/adapters/"):
        ours, theirs = adapter_of(name), adapter_of(target)
        if ours != theirs:
            return f"adapter {ours} may not include adapter {theirs}"
    return None


def check_library(name: str, target: str) -> str | None:
    if target in STANDARD:
        pure = name.startswith("protocols/")
        return f"<{target}> is not for protocols/" if pure and target in IMPURE else None
    for prefix, homes in HOMES.items():
        if target.startswith(prefix):
            if name.startswith(FREE_LIBRARIES) or any(name.startswith(home) for home in homes):
                return None
            return f"<{target}> has its home in {', '.join(homes)}"
    if is_system(target):
        pure = name.startswith(("protocols/", "agent/core/", "agent/ports/"))
        return f"<{target}> is not for this folder" if pure else None
    if name.startswith(FREE_LIBRARIES):
        return None
    return f"<{target}> is a library without a home"


def is_system(target: str) -> bool:
    """POSIX and Linux headers: <unistd.h>, <sys/un.h>, <linux/…>."""
    return (
        target.startswith(("sys/", "linux/", "netinet/", "arpa/"))
        or re.fullmatch(
            r"(unistd|fcntl|poll|signal|termios|pthread|time|errno|netdb|grp|pwd|syslog|dirent|dlfcn)\.h",
            target,
        )
        is not None
    )


def check_one_adapter(root: Path, names: list[str]) -> Iterator[str]:
    for library in ONE_ADAPTER:
        users = {
            adapter_of(name)
            for name in names
            if name.startswith("agent/adapters/") and Path(name).suffix in CXX
            for _, kind, target in includes(root / name)
            if kind == "<" and target.startswith(library)
        }
        if len(users) > 1:
            yield f"agent/adapters/: <{library}> is used by {', '.join(sorted(users))}; each library has one home"
