"""The compiled rules against what no JSON reader makes: nothing a Python value can be ends the process.

By hand under AddressSanitizer and UBSan (the module is built beside the installed one):

    cmake -S . -B build/asan -DSKBUILD=ON -DCMAKE_BUILD_TYPE=Debug -DPython_EXECUTABLE=/usr/bin/python3 \\
        -DCMAKE_CXX_FLAGS="-O1 -fsanitize=address,undefined -fno-omit-frame-pointer" \\
        -Dpybind11_DIR="$(python -m pybind11 --cmakedir)"
    cmake --build build/asan --target _frappe_ext_native
    LD_PRELOAD="$(for lib in asan ubsan stdc++; do gcc -print-file-name=lib$lib.so; done)" \\
        ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH=build/asan/frappe_ext/native \\
        .venv/bin/python -m pytest -q tests/contract/test_native_hostile.py
"""

from __future__ import annotations

import ast
import gc
import inspect
import math
import random
import sys
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frappe_ext import native
from tests.contract import records, weighbridge_records

SEED = 20_260_223
MUTATED_RECORDS = 100_000
TIME_LIMIT_S = 20.0
BOOK = native.Book(
    [{"name": "p", "version": "1", "site": "silo-a", "type": "*", "unit": "C", "critical": ["5", "35"]}],
    [("silo-a", "bin3-t1")],
)
CODES = {"malformed", "unknown_kind", "bad_uid", "too_long"}
MAKERS: list[Callable[[], dict[str, Any]]] = [
    lambda: records.observation("silo-a", "bin3-t1"),
    lambda: records.gap("silo-a", "x"),
    lambda: records.amend("f" * 32),
    weighbridge_records.weighing,
    weighbridge_records.genesis,
    weighbridge_records.ticket,
    weighbridge_records.void,
]


class OddDict(dict):
    """Lies whenever it is asked."""

    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError("never asked")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("never asked")

    def __iter__(self) -> Any:
        raise RuntimeError("never asked")

    get = keys = items = __len__ = __contains__ = __getitem__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class OddText(str):
    """Clears a dict whenever it is compared, hashed or shown."""

    __slots__ = ("victim",)

    def _strike(self, *_: Any) -> Any:
        self.victim.clear()
        return 7

    __eq__ = __lt__ = __len__ = __str__ = __repr__ = encode = _strike  # type: ignore[assignment]

    def __hash__(self) -> int:
        return str.__hash__(self)


class OddInt(int):
    """An int that is none."""

    def __index__(self) -> int:
        raise RuntimeError("never asked")

    __int__ = __eq__ = __lt__ = __index__  # type: ignore[assignment]
    __hash__ = int.__hash__


def verdict_of(items: list[Any]) -> native.BatchVerdict:
    """Its parts fit together, whatever the items were."""
    count = len(items)
    verdict = native.validate_batch(items, BOOK, "gw-silo-a", "3")
    assert len(verdict.identity_hashes) == len(verdict.flags) == count
    rejected = {index for index, *_ in verdict.rejections}
    assert rejected == {index for index, hash_ in enumerate(verdict.identity_hashes) if hash_ is None}
    assert {code for _, code, _, _ in verdict.rejections} <= CODES
    assert all(flag in (0, 1, 2, 3, 255) for flag in verdict.flags)
    return verdict


def deep(levels: int) -> list[Any]:
    """A list in a list in a list."""
    inner: list[Any] = []
    for _ in range(levels):
        inner = [inner]
    return inner


def test_dicts_of_every_kind() -> None:
    good = records.observation("silo-a", "bin3-t1")
    kinds = [OddDict(good), OrderedDict(good), defaultdict(list, good), dict(reversed(good.items()))]
    assert not verdict_of(kinds).rejections


def test_keys_that_are_no_text() -> None:
    good = records.observation("silo-a", "bin3-t1")
    odd: dict[Any, Any] = {None: 1, 5: 2, ("uid",): 3, b"uid": 4, 0.5: 5, "\ud800": 6, "kind\0": 7, "": 8}
    assert not verdict_of([{**odd, **good}, {**good, **odd}]).rejections
    assert len(verdict_of([odd]).rejections) == 1


def test_texts_that_strike_back() -> None:
    for field in records.observation("silo-a", "bin3-t1"):
        record = records.observation("silo-a", "bin3-t1")
        value, key = OddText(record[field] if isinstance(record[field], str) else "x"), OddText(field)
        value.victim = key.victim = record
        items = [record, {**record, key: value}, {"kind": value, key: key}]
        record.update(records.observation("silo-a", "bin3-t1"))  # making them has cleared it
        record[field] = value
        before = len(record)
        verdict_of(items)
        assert len(record) == before  # nothing of theirs was called


def test_ints_that_are_none() -> None:
    good = records.observation("silo-a", "bin3-t1")
    for field in ("seq", "observed_at", "received_at", "raw_bytes"):
        verdict_of([{**good, field: OddInt(good[field])}, {**good, field: OddInt(10**30)}])
        assert (
            len(verdict_of([{**good, field: value} for value in (True, 1.0, 10**400, -(10**400))]).rejections)
            == 4
        )


def test_the_list_is_read_as_it_is() -> None:
    items: list[Any] = []
    items += [items, {"kind": items}, [items], {"kind": "observation", "reasons": items}]
    verdict_of(items)
    for wrong in (None, 5, "x", b"x", {}, (), iter(()), (x for x in ()), range(3), object()):
        with pytest.raises(TypeError):
            native.validate_batch(wrong, BOOK)  # type: ignore[arg-type]


def test_deep_nesting_and_large_things() -> None:
    good = records.observation("silo-a", "bin3-t1")
    large = ["x" * 1_000_000, "\U0001f600" * 300_000, "\ud800" * 1_000_000, deep(50_000), ["a"] * 100_000]
    verdict_of(
        [{**good, key: value} for key in ("uid", "raw", "reasons", "value", "unit") for value in large]
    )
    verdict_of([dict.fromkeys(map(str, range(200_000))) | good, good, large[3]])


def test_non_ascii_text_is_taken_as_it_is() -> None:
    good = records.observation("silo-a", "bin3-t1")
    for raw in ("é" * 2048, "درجة الحرارة", "\U0001f600" * 1024, "x\x00y", "\x80"):
        assert not verdict_of([{**good, "raw": raw}]).rejections, raw[:3]
    for raw in ("é" * 2049, "\U0001f600" * 1025, "\ud800", "ok \udfff", "\U0001f600\udc00"):
        assert len(verdict_of([{**good, "raw": raw}]).rejections) == 1, raw[:3]


def test_a_collector_that_changes_the_batch() -> None:
    """Making an object may run the garbage collector, and that anybody's code."""
    items = [maker() for maker in MAKERS for _ in range(20)]

    def strike(phase: str, info: dict[str, Any]) -> None:
        for item in items[:]:
            item.clear()
        items.clear()

    gc.callbacks.append(strike)
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(50):
            items[:] = [
                maker() | {"raw": "\ud800", "reasons": ["\ud800"]} for maker in MAKERS for _ in range(20)
            ]
            native.validate_batch(items, BOOK, "gw-silo-a", "3")
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(strike)


def test_a_thread_that_changes_the_batch() -> None:
    items = [maker() for maker in MAKERS for _ in range(50)]
    stop = threading.Event()

    def strike() -> None:
        rng = random.Random(SEED)
        while not stop.is_set():
            item = items[rng.randrange(len(items))]
            item.pop("uid", None)
            item["uid"] = "f" * rng.randrange(40)

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        ends = time.monotonic() + 1
        while time.monotonic() < ends:
            verdict_of(items)
    finally:
        stop.set()
        thread.join()


def mutated(rng: random.Random, base: dict[str, Any], values: list[Any]) -> Any:
    """A record with one to three things wrong."""
    record: dict[Any, Any] = dict(base)
    for _ in range(rng.randrange(1, 4)):
        key = rng.choice(list(record) or ["uid"])
        match rng.randrange(6):
            case 0:
                record.pop(key, None)
            case 1:
                record[key] = rng.choice(values)
            case 2:
                record[rng.choice(values[:20])] = rng.choice(values)
            case 3:
                text = str(record.get(key))[:5000]
                at = rng.randrange(len(text) + 1)
                record[key] = text[:at] + chr(rng.randrange(0x110000)) + text[at + rng.randrange(2) :]
            case 4:
                record = dict(sorted(record.items(), key=lambda _: rng.random()))
            case _:
                record[key] = rng.getrandbits(rng.randrange(1, 80)) * rng.choice((1, -1))
    return record if rng.random() < 0.98 else rng.choice(values)


def test_mutations() -> None:
    """Seeded; as many as the time allows, at most MUTATED_RECORDS."""
    rng = random.Random(SEED)
    loop: list[Any] = []
    loop.append(loop)
    hashable = [None, True, 0, -1, 2**63, -(2**63) - 1, 10**400, 0.5, math.nan, -math.inf, "", "\ud800", "a\0b",
                "observation", "\U0010ffff", b"b", (), frozenset(), type, "x" * 300]  # fmt: skip
    values = [
        *hashable,
        [],
        {},
        loop,
        [None],
        ["code:x"],
        [loop],
        {"epoch": 1},
        OddDict(a=1),
        bytearray(b"x"),
        deep(50),
    ]
    bases = [maker() for maker in MAKERS]
    ends = time.monotonic() + TIME_LIMIT_S
    done = 0
    while done < MUTATED_RECORDS and time.monotonic() < ends:
        batch = [mutated(rng, rng.choice(bases), values) for _ in range(500)]
        verdict = verdict_of(batch)
        for index in rng.sample(range(500), 3):
            alone = native.identity_hash(batch[index], "gw-silo-a", "3")
            assert alone == verdict.identity_hashes[index]  # the record before it makes no difference
        done += len(batch)
    assert done >= 500


def test_no_identities_where_none_are_wanted() -> None:
    good = records.observation("silo-a", "bin3-t1")
    with_hash, without = (native.validate_batch([good], BOOK, identities=wanted) for wanted in (True, False))
    assert with_hash.identity_hashes == [native.identity_hash(good)]
    assert without.identity_hashes == [None] and without.flags == with_hash.flags


def stub() -> ast.Module:
    """What type checkers are told."""
    return ast.parse((Path(native.__file__).parent / "_native.pyi").read_text())


def parameters_of_stub(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def parameters_of_module(function: Any) -> list[str]:
    """From the signature line that pybind11 writes into the docstring."""
    line = inspect.getdoc(function).splitlines()[0]
    # Parsed as Python once what is no expression (a default's repr) is gone.
    inside, depth, names = line[line.index("(") + 1 : line.rindex(") ->")], 0, [""]
    for char in inside:
        depth += (char in "[({") - (char in "])}")
        if char == "," and depth == 0:
            names.append("")
        else:
            names[-1] += char
    return [name.split(":")[0].strip() for name in names if name.strip()]


def test_the_stub_says_what_the_module_has() -> None:
    module = sys.modules[native.validate_batch.__module__]
    body = stub().body
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    public = {name for name in dir(module) if not name.startswith("_")}
    assert public == classes.keys() | functions.keys()
    assert public == set(native.__all__) - {"NativeMissing", "available"}
    for name, function in functions.items():
        assert parameters_of_stub(function) == parameters_of_module(getattr(module, name)), name
    for name, node in classes.items():
        members = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
        found = getattr(module, name)
        real = {
            key
            for key in vars(found)
            if not key.startswith("_") or key == "__init__" and "__init__" in members
        }
        assert real == members.keys(), name
        for key, member in members.items():
            if not member.decorator_list:
                assert parameters_of_stub(member) == parameters_of_module(getattr(found, key)), (
                    f"{name}.{key}"
                )
