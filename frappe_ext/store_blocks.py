"""Reconcile's part of the store: sums of uids by block of seq, made in the database (contract.storage)."""

from __future__ import annotations

from collections.abc import Sequence

import frappe

from frappe_ext.contract.reconciliation import BLOCK
from frappe_ext.store_base import StoreBase

# (DocType, column of the uid, of the epoch, of the seq); a void stands on its target.
SEQUENCES = (
	("Observation", "edge_uid", "edge_epoch", "edge_seq"),
	("Edge Gap", "edge_uid", "edge_epoch", "edge_seq"),
	("Edge Amend", "edge_uid", "edge_epoch", "edge_seq"),
	("Edge Weighing", "edge_uid", "epoch", "edge_seq"),
	("ScaleTicket", "edge_uid", "edge_epoch", "edge_seq"),
	("ScaleTicket", "void_uid", "void_epoch", "void_seq"),
)


class BlockStore(StoreBase):
	def block_sums(self, epoch: str, firsts: Sequence[int]) -> dict[int, tuple[int, int]]:
		sums: dict[int, tuple[int, int]] = {}
		for sequence in SEQUENCES:
			for first, count, high, low in self._sums(sequence, epoch, firsts):
				known, xor = sums.get(first, (0, 0))
				sums[first] = (known + count, xor ^ (int(high) << 64 | int(low)))
		return sums

	def _sums(
		self, sequence: tuple[str, str, str, str], epoch: str, firsts: Sequence[int]
	) -> list[tuple[int, int, int, int]]:
		"""128 bits are two halves: BIT_XOR knows 64."""
		doctype, uid, epoch_column, seq = sequence
		ranges = " or ".join(f"{seq} between {first} and {last}" for first, last in _runs(firsts))
		return frappe.db.sql(
			f"""select ({seq} - 1) div {BLOCK} * {BLOCK} + 1, count(*),
			bit_xor(cast(conv(left({uid}, 16), 16, 10) as unsigned)),
			bit_xor(cast(conv(right({uid}, 16), 16, 10) as unsigned))
			from `tab{doctype}` where gateway = %(gateway)s and {epoch_column} = %(epoch)s
			and {uid} is not null and ({ranges}) group by 1""",  # noqa: S608 (names above, integers)
			{"gateway": self._sender.name, "epoch": epoch},
		)


def _runs(firsts: Sequence[int]) -> list[tuple[int, int]]:
	"""(first seq, last seq) of neighbouring blocks together; `firsts` come sorted."""
	runs: list[tuple[int, int]] = []
	for first in firsts:
		if runs and runs[-1][1] + 1 == first:
			runs[-1] = (runs[-1][0], first + BLOCK - 1)
		else:
			runs.append((first, first + BLOCK - 1))
	return runs
