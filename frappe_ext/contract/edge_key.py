"""`Authorization: EdgeKey <key_id>:<secret>`: parsing, hashing, issuing, judging. The server keeps SHA-256 only."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from frappe_ext.contract.envelope import Gateway
from frappe_ext.contract.limits import MAX_LIVE_KEYS

SCHEME = "EdgeKey"
# \Z, not $: a line break at the end is no key.
_HEADER = re.compile(r"EdgeKey ([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{43})\Z", re.ASCII)
_NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class PresentedKey:
	"""What a request brought; the secret never appears in repr."""

	key_id: str
	secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IssuedKey:
	"""A new key: `secret` is shown once, `hash` is stored."""

	key_id: str
	secret: str = field(repr=False)
	hash: str


@dataclass(frozen=True, slots=True)
class Credential:
	"""A stored key of a gateway; times in UTC ms, None = no bound."""

	key_id: str
	hash: str
	not_before: int | None = None
	expires: int | None = None
	revoked: bool = False
	created: int = 0
	last_used: int | None = None

	def is_live(self, now_ms: int) -> bool:
		"""True where it is usable now or will be: it counts against the two live keys of a gateway."""
		return not self.revoked and (self.expires is None or now_ms < self.expires)


def is_edge_key(header: str | None) -> bool:
	"""True where the header claims our scheme, well-formed or not (any case)."""
	return bool(header) and header.split(" ", 1)[0].lower() == SCHEME.lower()  # type: ignore[union-attr]


def parse_header(header: str | None) -> PresentedKey | None:
	"""The key of a well-formed header, else None (answer 401 as for an unknown key)."""
	match = _HEADER.match(header) if header else None
	return PresentedKey(match[1], match[2]) if match else None


def hash_secret(secret: str) -> str:
	"""64 hex digits. A plain hash is right for 256 random bits: there is nothing to guess."""
	return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored_hash: str | None) -> bool:
	"""Constant-time comparison; pass None for an unknown key_id so that it takes as long."""
	same = hmac.compare_digest(hash_secret(secret), stored_hash or _NO_HASH)
	return same and stored_hash is not None


def generate() -> IssuedKey:
	"""A new key: 256 random bits, base64url without padding (43 characters); the id is public."""
	secret = secrets.token_urlsafe(32)
	return IssuedKey("k" + secrets.token_hex(6), secret, hash_secret(secret))


def room_for_new(credentials: Iterable[Credential], now_ms: int) -> bool:
	"""False where two live keys exist already: one has to be revoked first (rotation: new, test, revoke old)."""
	return sum(credential.is_live(now_ms) for credential in credentials) < MAX_LIVE_KEYS


def to_give_way(credentials: Iterable[Credential], now_ms: int) -> list[str]:
	"""Key ids to revoke so that one more may live, where nobody is there to choose (enrolment).

	The ones that were used least lately go: a key that was never used is on no gateway, whatever its age, while the one
	that was used last is what a running gateway may still hold. Age decides only between keys that nobody used.
	"""
	live = sorted(
		(each for each in credentials if each.is_live(now_ms)),
		key=lambda each: (each.last_used or 0, each.created),
	)
	return [each.key_id for each in live[: max(len(live) - MAX_LIVE_KEYS + 1, 0)]]


def check_credential(credential: Credential, gateway: Gateway, now_ms: int) -> None:
	"""Raises Refusal `revoked` or `expired` (also: not valid yet). Call only after `matches` said yes."""
	if credential.revoked:
		raise gateway.refusal("revoked", f"Key {credential.key_id} is revoked.")
	if credential.expires is not None and now_ms >= credential.expires:
		raise gateway.refusal("expired", f"Key {credential.key_id} has expired.")
	if credential.not_before is not None and now_ms < credential.not_before:
		raise gateway.refusal("expired", f"Key {credential.key_id} is not valid yet.")
