"""Whose request it is, as far as a header can be believed, and whether it came encrypted.

X-Forwarded-For is written by whoever sends the request; every proxy appends the address that it saw. So the entry that
counts is the one of the outermost proxy of ours, counted from the right: everything left of it may be made up. Frappe's
own `request_ip` is the leftmost, which a guesser changes with every try.
"""

from __future__ import annotations

import ipaddress

UNKNOWN = "unknown"
LOCAL = "127.0.0.1"
# What one subscriber of an IPv6 provider changes at will.
_V6_PREFIX = 64


def client_address(peer: str | None, forwarded_for: str | None, proxies: int = 1) -> str:
	"""The address to count tries by; of IPv6 its /64.

	`peer`: the other end of the connection (nothing: a Unix socket, so this host); only where it is on this host or in its private network may it be a proxy.
	`proxies`: how many of ours stand in front. Too few named: their clients share a count (strict); never too lax.
	"""
	entries = [entry.strip() for entry in (forwarded_for or "").split(",") if entry.strip()]
	if entries and proxies > 0 and _is_near(peer):
		return _counted(entries[max(len(entries) - proxies, 0)])
	return _counted(peer or LOCAL)


def is_loopback(address: str) -> bool:
	"""Of what `client_address` answered."""
	parsed = _parsed(address.split("/", 1)[0])
	return parsed is not None and parsed.is_loopback


def is_safe_way(scheme: str | None, forwarded_proto: str | None, address: str) -> bool:
	"""True for HTTPS, as seen here or by the proxy, and for a client on this host. Who lies harms nobody else."""
	return "https" in (scheme, (forwarded_proto or "").strip().lower()) or is_loopback(address)


def _is_near(peer: str | None) -> bool:
	if not peer:
		return True
	parsed = _parsed(peer)
	return parsed is not None and (parsed.is_loopback or parsed.is_private)


def _counted(text: str | None) -> str:
	parsed = _parsed(text or "")
	if parsed is None:
		return UNKNOWN
	if parsed.version == 6 and not parsed.is_loopback:
		return str(ipaddress.ip_network((parsed, _V6_PREFIX), strict=False))
	return str(parsed)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
	bare = text.split("%", 1)[0].strip()
	if bare.startswith("["):
		bare = bare[1:].split("]", 1)[0]
	elif bare.count(":") == 1:
		bare = bare.split(":", 1)[0]
	try:
		found = ipaddress.ip_address(bare)
	except ValueError:
		return None
	mapped = getattr(found, "ipv4_mapped", None)
	return mapped or found
