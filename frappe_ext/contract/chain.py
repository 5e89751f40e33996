"""What is wrong with a gateway's alibi chains and ticket numbers (design.md §3, Nonconformance of the gateway).

Pure: chain_watch.py brings what is stored and what a heartbeat says. What is not here may be on its way, and a finding
is for ever: something is missing only once the gateway's own word on what it has not sent yet (`Flow`) excludes that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from frappe_ext import native
from frappe_ext.contract import epochs
from frappe_ext.contract.storage import ChainHead, Finding, StoredWeighing

CHAIN_GAP = "chain_gap"
CHAIN_FORK = "chain_fork"
CHAIN_CUT = "chain_cut"
CHAIN_RESTARTED = "chain_restarted"
NUMBER_GAP = "number_gap"

GENESIS = "genesis"
NO_HASH = "0" * 64
"""prev_hash of the first link of an epoch."""
_COMPOSING_MS = 60_000
"""A weighing captured while a heartbeat was being made may be newer than the head it names."""


@dataclass(frozen=True, slots=True)
class Flow:
	"""What a heartbeat says of the rows that its gateway has not sent yet. Times are the gateway's, UTC ms."""

	at: int
	buffered: int | None
	oldest_unsent_at: int | None

	def has_sent(self, until: int) -> bool:
		"""True where nothing that the gateway had by then can still be on its way. Unknown counts as on its way."""
		if self.buffered == 0:
			return until <= self.at
		return self.oldest_unsent_at is not None and self.oldest_unsent_at > until


@dataclass(frozen=True, slots=True)
class Chain:
	"""One scale and epoch of a gateway."""

	gateway: str
	site: str
	"""site_code, for findings."""
	scale: str
	epoch: str
	said: ChainHead | None
	"""As this heartbeat names it; None where it names other chains only."""
	before: ChainHead | None
	"""As saved at the heartbeat before."""
	links: Sequence[StoredWeighing]
	"""By seq, from the checked one (or the said one, if that is earlier) on."""

	@property
	def checked(self) -> int:
		"""Seq up to which there is nothing more to say; that link is stored. -1: nothing is."""
		return self.before.links_checked if self.before else -1

	def finding(self, code: str, about: str | int | None, message: str) -> Finding:
		"""`about`: what it is about within the chain; None: the chain."""
		key = f"{self.scale}/{self.epoch}" + ("" if about is None else f"/{about}")
		return Finding(
			self.gateway, self.site, code, key, f"Scale {self.scale}, epoch {self.epoch}: {message}"
		)


def check_links(chain: Chain, flow: Flow) -> tuple[list[Finding], int]:
	"""Gaps, forks and cuts of one chain, and the seq up to which it is checked now."""
	gaps, checked = _gaps(chain, flow)
	return [*_forks(chain), *_cut(chain, flow), *gaps], checked


def check_start(
	chain: Chain,
	genesis: StoredWeighing,
	earlier: StoredWeighing | None,
	provisional: Sequence[epochs.Provisional],
) -> list[Finding]:
	"""Whether the first link of an epoch names the last one before it. `earlier`: the newest stored link of the latest
	earlier epoch of that scale, None where there is none."""
	if earlier is None:
		return []
	last = f"{earlier.seq} of epoch {earlier.epoch} is stored"
	named = named_link(genesis)
	if named is None:
		return [chain.finding(CHAIN_RESTARTED, None, f"it begins anew, although record {last}.")]
	if named.epoch != earlier.epoch:
		# A later one than any that is stored: this server came from a backup, or is new to the gateway.
		fits = _order(named.epoch, provisional) > _order(earlier.epoch, provisional)
	else:
		fits = named.seq > earlier.seq or (named.seq, named.hash) == (earlier.seq, earlier.hash)
	if fits:
		return []
	message = f"it continues from record {named.seq} of epoch {named.epoch}, although record {last}."
	return [chain.finding(CHAIN_RESTARTED, None, message)]


def named_link(genesis: StoredWeighing) -> ChainHead | None:
	"""The link that a genesis continues from; None: it names none."""
	named = json.loads(genesis.genesis) if genesis.genesis else None
	if not named:
		return None
	return ChainHead(genesis.scale, named["epoch"], named["alibi_seq"], named["hash"], genesis.at_ms)


def check_numbers(
	chain: Chain, numbers: Sequence[tuple[str, int]], flow: Flow, after: str
) -> tuple[list[Finding], str]:
	"""Serials that are missing while later ones are here, and the number up to which it is checked now.

	`numbers`: (ticket_number, UTC ms) greater than `after`, the number checked last.
	"""
	findings: list[Finding] = []
	checked = native.parse_ticket_number(after) if after else None
	series, serial = checked or ("", 0)
	parsed = ((native.parse_ticket_number(number), number, at) for number, at in numbers)
	for (name, number_serial), number, at in sorted(each for each in parsed if each[0] is not None):
		if name != series:
			series, serial = name, 0
		if number_serial > serial + 1:
			if not flow.has_sent(at):
				break
			first, last = f"{serial + 1:06d}", f"{number_serial - 1:06d}"
			which = f"{series}-{first}" if first == last else f"{series}-{first} to {last}"
			findings.append(
				chain.finding(NUMBER_GAP, f"{series}-{first}", f"no ticket {which}, but {number}.")
			)
		serial, after = number_serial, number
	return findings, after


def _gaps(chain: Chain, flow: Flow) -> tuple[list[Finding], int]:
	findings = []
	checked = chain.checked
	for link in (each for each in chain.links if each.seq > checked):
		if link.seq > checked + 1:
			if not flow.has_sent(link.at_ms):
				return findings, checked
			findings.append(_gap(chain, checked + 1, link.seq - 1))
		checked = link.seq
	before = chain.before
	if before is not None and before.seq > checked and flow.has_sent(before.reported_at):
		findings.append(_gap(chain, checked + 1, before.seq))
	return findings, checked


def _gap(chain: Chain, first: int, last: int) -> Finding:
	which = f"record {first} is" if first == last else f"records {first} to {last} are"
	return chain.finding(CHAIN_GAP, first, f"{which} not here, although the gateway has sent everything.")


def _forks(chain: Chain) -> Iterator[Finding]:
	hashes = {link.seq: link.hash for link in chain.links}
	for link in (each for each in chain.links if each.seq > chain.checked):
		if link.seq == 0:
			if link.role != GENESIS or link.prev_hash != NO_HASH:
				yield chain.finding(CHAIN_FORK, 0, "its first record is no beginning.")
		elif hashes.get(link.seq - 1, link.prev_hash) != link.prev_hash:
			message = f"record {link.seq} does not continue the stored record {link.seq - 1}."
			yield chain.finding(CHAIN_FORK, link.seq, message)
	said = chain.said
	if said is not None and hashes.get(said.seq, said.hash) != said.hash:
		message = f"the gateway holds another record {said.seq} than the one that is stored."
		yield chain.finding(CHAIN_FORK, "head", message)  # once, however long the other chain grows


def _cut(chain: Chain, flow: Flow) -> Iterator[Finding]:
	if chain.said is None:
		return
	stored = (link.seq for link in chain.links if link.at_ms < flow.at - _COMPOSING_MS)
	longest = max(stored, default=-1)
	if chain.before is not None:
		longest = max(longest, chain.before.seq)
	if chain.said.seq < longest:
		message = f"the gateway holds records to {chain.said.seq}, but had {longest} before."
		yield chain.finding(CHAIN_CUT, longest, message)


def _order(epoch: str, provisional: Sequence[epochs.Provisional]) -> tuple[int, int, int]:
	return epochs.order_key(epoch, provisional)
