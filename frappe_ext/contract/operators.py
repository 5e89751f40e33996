"""PINs and rights of the scale house's operators (wire.md §5)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any

RIGHTS = ("capture", "override", "manual", "void", "reprint", "tare")
COST, BLOCK, PARALLEL = 16384, 8, 1
SALT_BYTES = 16
HASH_BYTES = 32
_PIN = re.compile(r"[0-9]{4,12}\Z", re.ASCII)
_OPERATOR = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z", re.ASCII)


def is_pin(secret: object) -> bool:
	"""4 to 12 digits."""
	return isinstance(secret, str) and _PIN.match(secret) is not None


def is_operator(operator: object) -> bool:
	"""An id as in a weighing's `operator`."""
	return isinstance(operator, str) and _OPERATOR.match(operator) is not None


def hash_pin(secret: str) -> str:
	"""`scrypt$16384$8$1$<salt base64>$<hash base64>`. A PIN has few digits: the hash is no public thing either."""
	salt = secrets.token_bytes(SALT_BYTES)
	parts = (COST, BLOCK, PARALLEL, _base64(salt), _base64(_scrypt(secret, salt, HASH_BYTES)))
	return "$".join(("scrypt", *map(str, parts)))


def pin_matches(secret: str, stored: str) -> bool:
	"""Constant-time, for a hash of `hash_pin`."""
	scheme, *cost, salt, digest = stored.split("$")
	if scheme != "scrypt" or cost != [str(COST), str(BLOCK), str(PARALLEL)]:
		return False
	expected = base64.b64decode(digest)
	return hmac.compare_digest(_scrypt(secret, base64.b64decode(salt), len(expected)), expected)


def operator_entry(row: Mapping[str, Any], *, site: str) -> dict[str, Any]:
	"""One active operator. `row`: operator, operator_name, pin_hash (empty: nobody signs in as this operator), and a
	Check `right_<right>` for each of RIGHTS."""
	return {
		"operator": row["operator"],
		"site": site,
		"name": row.get("operator_name") or None,
		"pin": row.get("pin_hash") or None,
		"rights": [right for right in RIGHTS if row.get(f"right_{right}")],
	}


def _scrypt(secret: str, salt: bytes, length: int) -> bytes:
	return hashlib.scrypt(secret.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL, dklen=length)


def _base64(data: bytes) -> str:
	return base64.b64encode(data).decode()
