"""Enrolment (wire.md §7): a one-time code in, a gateway's key out. The server keeps the code's SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frappe_ext.contract.body import is_instance
from frappe_ext.contract.limits import MAX_QUOTE
from frappe_ext.contract.refusals import Refusal

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O, U."""
LENGTH = 10
VALID_S = 600
MAX_WRONG = 5
"""Tries per address and window; the next ones wait."""
WINDOW_S = 60
AWAY_RETRY_S = 30
# As people read and type a code.
_TYPED = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_NO_CODE = "-"


@dataclass(frozen=True, slots=True)
class Asked:
	"""An enrolment request; the code itself is not kept."""

	code_hash: str
	host: str | None
	version: str | None
	instance: str | None


def new_code() -> str:
	"""50 random bits: with five tries a minute and ten minutes nobody gets near."""
	return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def hash_code(code: object) -> str:
	"""64 hex digits. What is no code has the hash of no code: it takes the same way as a wrong one."""
	typed = code.upper().translate(_TYPED) if isinstance(code, str) and len(code) <= 4 * LENGTH else _NO_CODE
	if len(typed) != LENGTH or set(typed) - set(ALPHABET):
		typed = _NO_CODE
	return hashlib.sha256(typed.encode()).hexdigest()


def read_request(body: Mapping[str, Any]) -> Asked:
	"""`code`, `host`, `version`, `instance`. Refusal `malformed` for an instance that is none."""
	instance = body.get("instance")
	if instance is not None and not is_instance(instance):
		raise Refusal("malformed", "instance must be 16 lower-case hex digits.")
	return Asked(hash_code(body.get("code")), _label(body.get("host")), _label(body.get("version")), instance)


def bad_code() -> Refusal:
	"""Wrong, used, late, replaced, cancelled: one answer for all, so that a guess teaches nothing."""
	return Refusal("bad_code", "This code is not valid. Make a new one on the Edge Gateway in Desk.")


def unsafe_way() -> Refusal:
	"""The same whether there is such a code or not."""
	return Refusal(
		"malformed", "Enrolment goes over HTTPS only. A code that was sent without it is cancelled."
	)


def too_many(retry_after: int) -> Refusal:
	return Refusal("rate_limited", "Too many wrong codes from this address.", retry_after=retry_after)


def uncounted() -> Refusal:
	"""Tries cannot be counted: nobody enrols until they can. A gateway that runs is not touched by it."""
	return Refusal("not_ready", "Enrolment needs Redis, which does not answer.", retry_after=AWAY_RETRY_S)


def answer(
	*, gateway: str, epoch: str, key_id: str, secret: str, sites: list[str], url: str, server_time: int
) -> dict[str, Any]:
	return {
		"gateway": gateway,
		"epoch": epoch,
		"key_id": key_id,
		"secret": secret,
		"sites": sorted(sites),
		"url": url,
		"server_time": server_time,
	}


def _label(value: object) -> str | None:
	"""A word about the machine, for people; control characters would forge a line."""
	if not isinstance(value, str):
		return None
	return "".join(each for each in value if each.isprintable())[:MAX_QUOTE] or None
