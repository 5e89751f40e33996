"""Epochs of a gateway: granting, fencing, and the order of granted and provisional ones (wire.md §1, §7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

_GRANTED = re.compile(r"(0|[1-9][0-9]{0,17})\Z", re.ASCII)
_PROVISIONAL = re.compile(r"p[0-9a-f]{8}\Z", re.ASCII)
# An open provisional epoch stands after everything granted so far.
_OPEN = 10**18

Provisional = tuple[str, str]
"""(provisional epoch, the epoch granted after it), in the order of granting."""


def is_granted(epoch: object) -> TypeGuard[str]:
	"""True for decimal digits as granted."""
	return isinstance(epoch, str) and _GRANTED.match(epoch) is not None


def is_provisional(epoch: object) -> TypeGuard[str]:
	"""True for `p` and 8 hex digits."""
	return isinstance(epoch, str) and _PROVISIONAL.match(epoch) is not None


def is_epoch(epoch: object) -> TypeGuard[str]:
	"""True for either form."""
	return is_granted(epoch) or is_provisional(epoch)


def order_key(epoch: str, provisional: Sequence[Provisional]) -> tuple[int, int, int]:
	"""Sort key: granted by number; a provisional one before the epoch that was granted after it."""
	if is_granted(epoch):
		return (int(epoch), 1, 0)
	for index, (name, granted) in enumerate(provisional):
		if name == epoch:
			return (int(granted), 0, index)
	return (_OPEN, 0, 0)


@dataclass(frozen=True, slots=True)
class Grant:
	"""Answer of new_epoch: the epoch, and the row to note (None: nothing new to note)."""

	epoch: str
	noted: Provisional | None
	repeated: bool = False
	"""True where the same provisional epoch had its answer before (the answer got lost): nothing changes."""


def grant(
	current: str | None,
	provisional: Sequence[Provisional],
	*,
	last_epoch: str | None = None,
	provisional_now: str | None = None,
) -> Grant:
	"""The next epoch: above the server's and above the gateway's own last one (a restored server knows less)."""
	for name, granted in provisional:
		if provisional_now is not None and name == provisional_now:
			return Grant(granted, None, repeated=True)
	known = [int(epoch) for epoch in (current, last_epoch) if is_granted(epoch)]
	epoch = str(max(known, default=0) + 1)
	noted = (provisional_now, epoch) if is_provisional(provisional_now) else None
	return Grant(epoch, noted)
