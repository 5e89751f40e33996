"""At each heartbeat: the chains of a gateway as it names them, against what is stored (rules: chain.py).

Call it inside the request's transaction, under the gateway's lock.
"""

from __future__ import annotations

from dataclasses import replace

from frappe_ext.contract import chain, epochs
from frappe_ext.contract.chain import Chain, Flow
from frappe_ext.contract.envelope import Gateway
from frappe_ext.contract.heartbeat import Heartbeat
from frappe_ext.contract.storage import ChainHead, Finding, Store, StoredWeighing

MAX_HEADS = 256
"""Chains kept for one gateway: what it names now first, then the earlier epochs."""
_LATE_MS = 600_000
"""No request lies longer in a proxy; a head said before by a later clock than that: the clock was set back."""

_Key = tuple[str, str]


def watch_chains(beat: Heartbeat, gateway: Gateway, store: Store) -> None:
	"""Saves the heads (where they changed) and notes what is wrong (each finding once)."""
	_Watch(beat, gateway, store).run()


class _Watch:
	def __init__(self, beat: Heartbeat, gateway: Gateway, store: Store) -> None:
		self._beat = beat
		self._gateway = gateway
		self._store = store
		self._flow = Flow(beat.at, beat.columns.get("buffered"), beat.columns.get("oldest_unsent_at"))
		self._findings: list[Finding] = []

	def run(self) -> None:
		stored = self._store.chain_heads()
		saved = {(head.scale, head.epoch): head for head in stored}
		said = {(head["scale"], head["epoch"]): ChainHead(**head) for head in self._beat.chain_heads}
		said = {key: head for key, head in said.items() if not self._is_late(saved.get(key))}
		heads = {key: self._head(key, head, saved) for key, head in said.items()}
		# Then the earlier epochs: a genesis may just have told more of the last one.
		heads |= {key: self._head(key, None, saved) for key in list(saved) if key not in heads}
		kept = list(heads.values())[:MAX_HEADS]
		if set(kept) != set(stored):
			self._store.save_chain_heads(kept)
		if self._findings:
			self._store.note_findings(self._findings)

	def _is_late(self, before: ChainHead | None) -> bool:
		"""A heartbeat that a later one has overtaken says nothing of a cut."""
		return before is not None and 0 < before.reported_at - self._beat.at < _LATE_MS

	def _head(self, key: _Key, said: ChainHead | None, saved: dict[_Key, ChainHead]) -> ChainHead:
		"""Checks one chain; the head to save."""
		before = saved.get(key)
		scale, epoch = key
		checked = before.links_checked if before else -1
		links = self._store.chain_of(scale, epoch, max(0, min(checked, said.seq if said else checked)))
		site = links[-1].site if links else min(self._gateway.sites, default="")
		watched = Chain(self._gateway.gateway_id, site, scale, epoch, said, before, links)
		if checked < 0 and links and links[0].seq == 0:
			self._check_start(watched, links[0], saved)
		found, checked = chain.check_links(watched, self._flow)
		self._findings += found
		number = before.number_checked if before else ""
		numbers = self._store.numbers_of(scale, epoch, number)
		if numbers:
			found, number = chain.check_numbers(watched, numbers, self._flow, number)
			self._findings += found
		return replace(self._named(said, before), links_checked=checked, number_checked=number)

	def _named(self, said: ChainHead | None, before: ChainHead | None) -> ChainHead:
		"""`before` where it says the same: reported_at is that of the first heartbeat."""
		if before is None or (said is not None and (said.seq, said.hash) != (before.seq, before.hash)):
			return replace(said, reported_at=self._beat.at)
		return before

	def _check_start(self, watched: Chain, genesis: StoredWeighing, saved: dict[_Key, ChainHead]) -> None:
		earlier = self._last_of_earlier(watched)
		self._findings += chain.check_start(watched, genesis, earlier, self._gateway.provisional)
		named = chain.named_link(genesis)
		if named is None or earlier is None or named.epoch != earlier.epoch:
			return
		key = (named.scale, named.epoch)
		known = saved.get(key)
		if known is None:
			saved[key] = named
		elif named.seq > known.seq:  # it went on after its last heartbeat
			saved[key] = replace(known, seq=named.seq, hash=named.hash, reported_at=named.reported_at)

	def _last_of_earlier(self, watched: Chain) -> StoredWeighing | None:
		"""The newest stored link of the latest epoch before this one."""
		provisional = self._gateway.provisional
		order = {
			each: epochs.order_key(each, provisional) for each in self._store.chain_epochs(watched.scale)
		}
		own = epochs.order_key(watched.epoch, provisional)
		epoch = max((each for each in order if order[each] < own), key=order.__getitem__, default=None)
		if epoch is None:
			return None
		return self._store.last_link(watched.scale, epoch)
