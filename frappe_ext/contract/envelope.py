"""Who sends, and whether it may: the checks between a valid key and the first record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from frappe_ext.contract import epochs
from frappe_ext.contract.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Gateway:
	"""What the server knows of an Edge Gateway while it serves one request."""

	gateway_id: str
	sites: frozenset[str] = frozenset()
	"""site_codes."""
	enabled: bool = True
	revoked: bool = False
	user_enabled: bool = True
	epoch: str | None = None
	"""The epoch granted last, None before the first."""
	provisional: tuple[epochs.Provisional, ...] = ()
	trail: str = ""
	"""`InstanceTrail.dump()` as stored on the gateway."""
	held: bool = False
	"""Two instances alternate; a person has to keep one."""
	banned: tuple[str, ...] = ()
	"""Instances a person has decided against."""

	def refusal(self, code: str, detail: str, *, epoch: str | None = None) -> Refusal:
		"""One that names the gateway and its sites: whoever reads it knows where to go."""
		site = ", ".join(sorted(self.sites)) or None
		return Refusal(code, detail, gateway=self.gateway_id, site=site, epoch=epoch)


class InstanceTrail:
	"""The last changes of instance, to tell a clone (A B A B) from a restart (A B) and a late request (A B a B).

	A late request was sent before the present instance's first one, so it is left out. Kept as text on the gateway.
	"""

	LENGTH = 6
	# A B A is one return: a request that a proxy kept, under a clock that was set back. A B A B is two.
	RETURNS = 2

	def __init__(self, entries: Sequence[tuple[str, int]] = ()) -> None:
		self._entries = list(entries)

	@classmethod
	def parse(cls, text: str | None) -> InstanceTrail:
		"""From the stored text; what it cannot read counts as empty."""
		try:
			return cls([(str(instance), int(sent_at)) for instance, sent_at in json.loads(text or "[]")])
		except (ValueError, TypeError):
			return cls()

	def dump(self) -> str:
		"""For the column; compare with what was stored and write only a change."""
		return json.dumps(self._entries, separators=(",", ":"))

	def note(self, instance: str, sent_at: int) -> bool:
		"""Notes one request (`sent_at` of a batch, `at` of a heartbeat); True = two instances alternate."""
		entries = self._entries
		if entries and entries[-1][0] != instance:
			seen_before = any(instance == name for name, _ in entries)
			if seen_before and sent_at < entries[-1][1]:
				return False
		if not entries or entries[-1][0] != instance:
			entries.append((instance, sent_at))
			del entries[: -self.LENGTH]
		return len(entries) - len(self.instances()) >= self.RETURNS

	def instances(self) -> list[str]:
		"""The distinct instances, oldest first: what Desk offers to keep."""
		return list(dict.fromkeys(name for name, _ in self._entries))


def check_gateway(gateway: Gateway) -> None:
	"""For every endpoint: Refusal `revoked`, `gateway_disabled`, `user_disabled`."""
	name = gateway.gateway_id
	if gateway.revoked:
		raise gateway.refusal("revoked", f"Gateway {name} is revoked.")
	if not gateway.enabled:
		raise gateway.refusal("gateway_disabled", f"Gateway {name} is disabled in Desk.")
	if not gateway.user_enabled:
		raise gateway.refusal("user_disabled", f"The user of gateway {name} is disabled.")


def check_claim(gateway: Gateway, claimed_gateway: object) -> None:
	"""Refusal `wrong_gateway`: the key belongs to another gateway than the body says."""
	if claimed_gateway != gateway.gateway_id:
		raise gateway.refusal("wrong_gateway", f"This key belongs to {gateway.gateway_id}.")


def check_sender(gateway: Gateway, claimed_gateway: str, epoch: str | None, instance: str) -> None:
	"""For submit, heartbeat and reconcile: `check_gateway`, then `wrong_gateway`, `fenced` (a lower epoch), `held`.

	A provisional epoch is never fenced: its gateway has not got its answer yet. Afterwards note the instance.
	"""
	check_gateway(gateway)
	check_claim(gateway, claimed_gateway)
	name, known = gateway.gateway_id, gateway.epoch
	if epochs.is_granted(epoch) and epochs.is_granted(known) and int(epoch) < int(known):
		detail = (
			f"Epoch {epoch} of {name} is over, the present one is {known}: another store has taken its place."
		)
		raise gateway.refusal("fenced", detail, epoch=known)
	if gateway.held or instance in gateway.banned:
		raise held(gateway)


def held(gateway: Gateway) -> Refusal:
	"""The refusal while two instances alternate, and for the one that was decided against."""
	name = gateway.gateway_id
	return gateway.refusal(
		"held", f"Two instances send as {name}. Keep one of them on its Edge Gateway in Desk."
	)


def note_instance(gateway: Gateway, instance: str, sent_at: int) -> tuple[str, bool]:
	"""(trail to store if it differs, True = hold now). Call after check_sender; when True store `held` and the
	trail, commit, and answer `held(gateway)`. After a person's choice: held off, trail empty, the others banned."""
	trail = InstanceTrail.parse(gateway.trail)
	alternate = trail.note(instance, sent_at)
	return trail.dump(), alternate
