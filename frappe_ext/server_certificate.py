"""What a gateway will see of this site's TLS: shown beside an enrolment code, so that a person can compare.

The certificate that counts is the last one of the chain that the server sends: the CA's where it sends it, else the one
below it, else its own (self-signed). Site config `edge_ca_sha256` says it where the site cannot see its own outside.
"""

from __future__ import annotations

import re
import socket
import struct
from typing import Any
from urllib.parse import urlsplit

import frappe
from frappe import _

TIMEOUT_S = 3
HTTPS_PORT = 443
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def url() -> str:
	"""Where gateways reach this site: host_name of the site config, else what this request was sent to."""
	configured = frappe.conf.host_name or frappe.conf.hostname
	if configured:
		return (configured if "://" in configured else f"https://{configured}").rstrip("/")
	request = frappe.request
	proto = request.headers.get("X-Forwarded-Proto") or request.scheme
	return f"{'https' if proto == 'https' else 'http'}://{request.host}"


def fingerprint(address: str) -> dict[str, Any]:
	"""{sha256, subject, note}: sha256 as 64 hex digits, None where it is not known; then `note` says why and what to do."""
	configured = re.sub(r"[^0-9a-f]", "", str(frappe.conf.edge_ca_sha256 or "").lower())
	if _SHA256.match(configured):
		return {"sha256": configured, "subject": None, "note": _("From edge_ca_sha256 of the site config.")}
	target = urlsplit(address)
	if target.scheme != "https" or not target.hostname:
		note = _("This site's address has no HTTPS: only a gateway on the same machine can enrol.")
		return {"sha256": None, "subject": None, "note": note}
	try:
		return _seen(target.hostname, target.port or HTTPS_PORT)
	except Exception as error:  # whatever keeps us from seeing it, the person must know that it is not known
		note = _(
			"Not known: this server cannot see its own certificate at {0} ({1}). Set edge_ca_sha256 in the site config, or compare with openssl."
		)
		return {"sha256": None, "subject": None, "note": note.format(address, type(error).__name__)}


def _seen(host: str, port: int) -> dict[str, Any]:
	from OpenSSL import SSL

	# Nothing is trusted and nothing is sent: the chain is only read.
	context = SSL.Context(SSL.TLS_CLIENT_METHOD)
	context.set_verify(SSL.VERIFY_NONE)
	with socket.create_connection((host, port), timeout=TIMEOUT_S) as plain:
		plain.settimeout(None)
		plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(TIMEOUT_S))
		connection = SSL.Connection(context, plain)
		connection.set_tlsext_host_name(host.encode())
		connection.set_connect_state()
		connection.do_handshake()
		top = connection.get_peer_cert_chain()[-1]
	subject = ", ".join(
		f"{name.decode()}={value.decode()}" for name, value in top.get_subject().get_components()
	)
	sha256 = top.digest("sha256").decode().replace(":", "").lower()
	return {
		"sha256": sha256,
		"subject": subject,
		"note": _("Read from {0} just now.").format(f"{host}:{port}"),
	}


def _timeval(seconds: int) -> bytes:
	"""pyOpenSSL reads the socket itself, past Python's timeout."""
	return struct.pack("ll", seconds, 0)
