"""The rules behind keys, codes, PINs and addresses, without a server."""

from __future__ import annotations

import pytest

from frappe_ext.contract import addresses, edge_key, enrolment, operators


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "want"),
    [
        ("8.8.8.8", "198.51.100.1", 1, "8.8.8.8"),  # no proxy of ours: the header is made up
        ("127.0.0.1", None, 1, "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", 1, "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", 1, "198.51.100.1"),
        ("172.18.0.3", "6.6.6.6, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1", 3, "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1", 0, "127.0.0.1"),
        (None, "198.51.100.1", 1, "198.51.100.1"),
        (None, None, 1, "127.0.0.1"),
        ("127.0.0.1", "2001:db8:1:2:aaaa::1", 1, "2001:db8:1:2::/64"),
        ("127.0.0.1", "2001:db8:1:2:bbbb::9", 1, "2001:db8:1:2::/64"),
        ("::ffff:127.0.0.1", "[2001:db8::1]:443", 1, "2001:db8::/64"),
        ("127.0.0.1", "198.51.100.1:4711", 1, "198.51.100.1"),
        ("127.0.0.1", "<script>", 1, "unknown"),
    ],
)
def test_the_address_that_counts(peer: str | None, forwarded: str | None, proxies: int, want: str) -> None:
    assert addresses.client_address(peer, forwarded, proxies) == want


@pytest.mark.parametrize(
    ("scheme", "proto", "address", "want"),
    [
        ("https", None, "198.51.100.1", True),
        ("http", "https", "198.51.100.1", True),
        ("http", None, "198.51.100.1", False),
        ("http", "http", "2001:db8::/64", False),
        ("http", None, "127.0.0.1", True),
        ("http", None, "::1", True),
        ("http", None, "unknown", False),
    ],
)
def test_what_is_a_safe_way(scheme: str, proto: str | None, address: str, want: bool) -> None:
    assert addresses.is_safe_way(scheme, proto, address) is want


def credential(key_id: str, **fields: int | bool | None) -> edge_key.Credential:
    return edge_key.Credential(key_id, "", **fields)  # type: ignore[arg-type]


NOW = 1_000_000


@pytest.mark.parametrize(
    ("credentials", "want"),
    [
        ([], []),
        ([credential("a")], []),
        ([credential("a", created=1, last_used=9), credential("b", created=2)], ["b"]),
        ([credential("a", created=1), credential("b", created=2)], ["a"]),
        ([credential("a", created=1, last_used=5), credential("b", created=2, last_used=7)], ["a"]),
        ([credential("a"), credential("b", revoked=True)], []),
        ([credential("a"), credential("b", expires=NOW)], []),
        (
            [credential("a", last_used=1), credential("b", last_used=2), credential("c", last_used=3)],
            ["a", "b"],
        ),
    ],
)
def test_which_key_gives_way(credentials: list[edge_key.Credential], want: list[str]) -> None:
    assert edge_key.to_give_way(credentials, NOW) == want


def test_codes() -> None:
    codes = {enrolment.new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 10 and not set(code) - set(enrolment.ALPHABET) for code in codes)
    assert enrolment.hash_code("7k3m9-q2xhd ") == enrolment.hash_code("7K3M9Q2XHD")
    assert enrolment.hash_code("OIL0000000") == enrolment.hash_code("0110000000")
    no_code = enrolment.hash_code(None)
    for text in ("", "7K3M9Q2XH", "7K3M9Q2XHDD", "7K3M9Q2XHU", 7, "x" * 10**6, "\ud800" * 10):
        assert enrolment.hash_code(text) == no_code
    assert enrolment.hash_code("0000000000") != no_code


def test_pins() -> None:
    stored = operators.hash_pin("4711")
    assert stored.startswith("scrypt$16384$8$1$")
    assert operators.hash_pin("4711") != stored  # salted
    assert operators.pin_matches("4711", stored)
    assert not operators.pin_matches("47110", stored)
    assert [
        text for text in ("4711", "123", "1234567890123", "12 4", "4711\n", 4711) if operators.is_pin(text)
    ] == ["4711"]
