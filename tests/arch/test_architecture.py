"""design: one folder per arrow, and nobody looks back. The checker itself is proven on planted violations."""

from pathlib import Path

import pytest

from tests.arch.rules import violations

ROOT = Path(__file__).resolve().parents[2]


def test_the_tree_keeps_the_rules():
    found = violations(ROOT)
    assert not found, "\n" + "\n".join(found)


CLEAN = {
    "protocols/record/decimal.h": "#pragma once\n#include <string>\n",
    "protocols/result.h": "#pragma once\n#include <tl/expected.hpp>\n",
    "agent/ports/clock.h": "#pragma once\n#include <cstdint>\n",
    "agent/adapters/sqlite_store.h": '#pragma once\n#include <SQLiteCpp/SQLiteCpp.h>\n#include "agent/ports/clock.h"\n',
    "agent/adapters/system_clock.h": '#pragma once\n#include "agent/ports/clock.h"\n',
}
PLANTED = [
    (
        "protocols/record/x.h",
        "#pragma once\n#include <tl/expected.hpp>\n",
        "has its home in protocols/result.h",
    ),
    (
        "protocols/record/x.h",
        '#pragma once\n#include "protocols/result.h"\n',
        "may not include protocols/result.h",
    ),
    ("protocols/record/x.cc", "#include <fstream>\n", "<fstream> is not for protocols/"),
    ("protocols/record/x.cc", "#include <nlohmann/json.hpp>\n", "has its home"),
    ("protocols/x.cc", "#include <spdlog/spdlog.h>\n", "has its home"),
    ("protocols/x.cc", "#include <unistd.h>\n", "not for this folder"),
    ("protocols/x.cc", "auto n = std::chrono::system_clock::now();\n", "no clock"),
    ("protocols/x.cc", '#include "agent/ports/clock.h"\n', "may not include agent/ports/clock.h"),
    ("agent/core/x.cc", '#include "agent/adapters/system_clock.h"\n', "may not include agent/adapters/"),
    ("agent/core/x.cc", "#include <sqlite3.h>\n", "has its home"),
    ("agent/core/x.cc", "#include <mqtt/async_client.h>\n", "has its home"),
    ("agent/core/x.cc", "#include <curl/curl.h>\n", "has its home"),
    (
        "agent/adapters/system_clock.cc",
        '#include "agent/adapters/sqlite_store.h"\n',
        "may not include adapter",
    ),
    ("agent/adapters/system_clock.cc", "#include <boost/any.hpp>\n", "a library without a home"),
    ("agent/adapters/other.cc", "#include <SQLiteCpp/SQLiteCpp.h>\n", "has its home"),
    ("agent/adapters/other.h", "// no guard\n", "header without #pragma once"),
    ("agent/config.cc", "#include <SQLiteCpp/SQLiteCpp.h>\n", "has its home"),
    ("agent/config.cc", '#include "agent/adapters/system_clock.h"\n', "may not include agent/adapters/"),
    ("agent/main.cc", "\n" * 41, "41 lines, at most 40"),
    ("agent/core/long.cc", "\n" * 401, "401 lines, at most 400"),
    ("agent/core/x.cc", '#include "clock.h"\n', "no path from the repository root"),
    ("frappe_ext/native/bindings.cc", "#include <nlohmann/json.hpp>\n", "has its home"),
    ("deploy/key.pem", "-----BEGIN " + "RSA PRIVATE KEY-----\n", "looks like a secret"),
]


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_clean_tree_passes(tmp_path):
    plant(tmp_path, CLEAN)
    assert violations(tmp_path) == []


@pytest.mark.parametrize(("name", "text", "words"), PLANTED, ids=[f"{n}-{w[:20]}" for n, _, w in PLANTED])
def test_a_planted_violation_is_found(tmp_path, name, text, words):
    plant(tmp_path, CLEAN | {name: text})
    found = violations(tmp_path)
    assert any(words in line and line.startswith(name) for line in found), found
