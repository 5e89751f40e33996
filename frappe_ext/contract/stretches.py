"""Stretches of sequence numbers whose records had all arrived before some of them were removed (retention).

A number stands in a stretch only where its record is known to have arrived, removed or still there: a record that
never came must not be taken for one.
"""

from __future__ import annotations

from collections.abc import Collection

Stretch = tuple[int, int]
"""First and last number, both in it."""


def stretches(removed: Collection[int], present: Collection[int] = ()) -> list[Stretch]:
	"""The fewest that hold every removed number; present ones may join two, none begins or ends with one."""
	arrived = set(removed) | set(present)
	found: list[Stretch] = []
	for seq in sorted(set(removed)):
		if found and all(between in arrived for between in range(found[-1][1] + 1, seq)):
			found[-1] = (found[-1][0], seq)
		else:
			found.append((seq, seq))
	return found


def clusters(removed: Collection[int], widest_hole: int) -> list[list[int]]:
	"""The removed numbers in order, parted where more than `widest_hole` others lie between two."""
	found: list[list[int]] = []
	for seq in sorted(set(removed)):
		if found and seq - found[-1][-1] - 1 <= widest_hole:
			found[-1].append(seq)
		else:
			found.append([seq])
	return found
