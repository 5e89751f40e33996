"""Counts of tries and requests, in Redis. Redis being away is an answer (None), never an error, and costs little.

Each caller says what None means to it: a gateway's request is served uncounted, an enrolment is put off.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import frappe
import redis
from frappe.utils import cint

from frappe_ext.contract import addresses
from frappe_ext.contract.refusals import Refusal

REQUESTS_PER_MINUTE = 1200
"""Of one gateway, where the site config has no edge_rate_limit_per_minute (0 = no limit). A store that is drained at
full speed sends some 15 batches a second at most; what loops without a pause sends hundreds."""
MINUTE_S = 60
DAY_S = 86400
AWAY_S = 5
"""For so long Redis is not asked again by this process once it was away."""

_away_until = 0.0


@dataclass(frozen=True, slots=True)
class Tally:
	"""How often something happened in its window, which began with the first time."""

	times: int
	ends_in_s: int


def count(name: str, window_s: int) -> Tally | None:
	"""Counts one more and answers the count with it: callers side by side get different answers."""

	def ask(pipe):
		key = _key(name)
		pipe.set(key, 0, nx=True, ex=window_s)
		pipe.incr(key)
		pipe.ttl(key)
		_, times, ends_in_s = pipe.execute()
		return Tally(times, max(ends_in_s, 1))

	return _ask(ask)


def take_back(name: str) -> None:
	"""One that was counted does not count."""

	def ask(pipe):
		pipe.decr(_key(name))
		pipe.execute()

	_ask(ask)


def peek(name: str) -> Tally | None:
	"""The count without one more."""

	def ask(pipe):
		pipe.get(_key(name))
		pipe.ttl(_key(name))
		times, ends_in_s = pipe.execute()
		return Tally(cint(times), max(ends_in_s, 1))

	return _ask(ask)


def client_address() -> str:
	"""Of this request. Site config edge_proxies: how many proxies of ours stand in front (1)."""
	request = frappe.request
	forwarded = request.headers.get("X-Forwarded-For")
	return addresses.client_address(request.remote_addr, forwarded, cint(frappe.conf.get("edge_proxies", 1)))


def came_safely() -> bool:
	request = frappe.request
	proto = request.headers.get("X-Forwarded-Proto")
	return addresses.is_safe_way(request.scheme, proto, client_address())


def check_rate(gateway: str, site: str | None) -> None:
	"""Refusal `rate_limited` for a gateway that floods; by its id, because many gateways share an address."""
	limit = requests_per_minute()
	if not limit:
		return
	tally = count(f"rate:{gateway}", MINUTE_S)
	if tally and tally.times > limit:
		raise Refusal(
			"rate_limited",
			f"More than {limit} requests of {gateway} within a minute.",
			gateway=gateway,
			site=site,
			retry_after=tally.ends_in_s,
		)


def requests_per_minute() -> int:
	return cint(frappe.conf.get("edge_rate_limit_per_minute", REQUESTS_PER_MINUTE))


def _key(name: str) -> bytes:
	return frappe.cache.make_key(f"edge_count:{name}")


def _ask(question):
	global _away_until
	if time.monotonic() < _away_until:
		return None
	try:
		return question(frappe.cache.pipeline())
	except redis.exceptions.RedisError:
		_away_until = time.monotonic() + AWAY_S
		return None
