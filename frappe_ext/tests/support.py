"""What the tests stand on: a site with a device, a policy and a gateway of its own, and requests inside the process."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
from dataclasses import dataclass
from threading import Thread
from typing import Any

import frappe
import frappe.app
from werkzeug.test import Client, TestResponse

from frappe_ext import keys, native
from frappe_ext.clock import now_ms
from frappe_ext.contract.limits import GZIP_TYPE

SUBMIT = "ingest.submit"
OBSERVED_AT = 1771840800000
INSTANCE = "9b1d5e0c7a2f4431"
GATEWAYS_RECORDS = (
	"Edge Enrolment Code",
	"Observation",
	"Edge Excursion",
	"Edge Gap",
	"Edge Amend",
	"Edge Rejection",
	"Edge Weighing",
	"ScaleTicket",
)
SITES_RECORDS = (
	"Observation",
	"ScaleTicket",
	"Nonconformance",
	"Certificate",
	"Edge Alert",
	"Device",
	"Lot",
	"Observation Threshold Policy",
	"Site Tolerance Policy",
	"Edge Weighing Order",
	"Edge Vehicle",
)


@dataclass
class World:
	"""Committed: requests have transactions of their own. `wipe` takes it away again."""

	site: str
	code: str
	device: str
	policy: str
	gateway: str
	gateway_id: str
	key: str

	def wipe(self) -> None:
		"""Raw, because what a gateway wrote cannot be deleted otherwise."""
		frappe.db.rollback()
		for doctype in GATEWAYS_RECORDS:
			_delete_raw(doctype, gateway=self.gateway)
		for doctype in SITES_RECORDS:
			_delete_raw(doctype, site=self.site)
		user = frappe.db.get_value("Edge Gateway", self.gateway, "user")
		frappe.delete_doc("Edge Gateway", self.gateway, force=True)
		frappe.delete_doc("Site", self.site, force=True)
		frappe.delete_doc("User", user, force=True, flags={"in_patch": True}, ignore_on_trash=True)
		frappe.db.commit()

	def submit(self, records: list[Any], *, zipped: bool = False, **envelope: Any) -> TestResponse:
		body = {
			"v": 1,
			"gateway": self.gateway_id,
			"epoch": "1",
			"instance": INSTANCE,
			"batch_id": "b1",
			"sent_at": now_ms(),
			"records": records,
			**envelope,
		}
		data = json.dumps(body).encode()
		if zipped:
			return self.call("POST", SUBMIT, data=gzip.compress(data), headers={"Content-Type": GZIP_TYPE})
		return self.call("POST", SUBMIT, data=data, headers={"Content-Type": "application/json"})

	def statuses(self, records: list[Any], **envelope: Any) -> list[str]:
		answer = self.submit(records, **envelope)
		if answer.status_code != 200:
			raise AssertionError(answer.text)
		return [result["status"] for result in answer.json["message"]["results"]]

	def call(
		self, verb: str, method: str, headers: dict[str, str] | None = None, **arguments: Any
	) -> TestResponse:
		headers = {"Authorization": f"EdgeKey {self.key}", **(headers or {})}
		return request(verb, f"/api/method/frappe_ext.api.{method}", headers=headers, **arguments)

	def observation(self, seq: int, value: str = "21.50", **changes: Any) -> dict[str, Any]:
		raw = json.dumps({"value": value, "seq": seq})
		return {
			"kind": "observation",
			"uid": native.uid_of_sequence(self.gateway_id, "1", "observation", str(seq)),
			"seq": seq,
			"identity": "received",
			"site": self.code,
			"device": "bin3-t1",
			"type": "temperature",
			"index": 0,
			"observed_at": OBSERVED_AT + seq * 1000,
			"received_at": OBSERVED_AT + seq * 1000 + 5,
			"time_source": "receive",
			"clock": "synced",
			"value": value,
			"unit": "C",
			"flag": "OK",
			"reasons": [],
			"policy_version": "1771500000000",
			"backfilled": False,
			"raw": raw,
			"raw_bytes": len(raw),
			"raw_sha256": hashlib.sha256(raw.encode()).hexdigest(),
			**changes,
		}

	def stored(self, seq: int) -> Any:
		frappe.db.rollback()  # a request's commit is seen from a new transaction on
		uid = native.uid_of_sequence(self.gateway_id, "1", "observation", str(seq))
		return frappe.get_doc("Observation", {"edge_uid": uid})


def make_world() -> World:
	code = f"t-{secrets.token_hex(4)}"
	site = insert("Site", site_name=code, site_code=code)
	device = insert("Device", device_name="Bin 3", device_id="bin3-t1", site=site)
	policy = insert(
		"Observation Threshold Policy",
		policy_name="Bin",
		site=site,
		observation_type="temperature",
		warning_min=10,
		warning_max=30,
		critical_min=5,
		critical_max=35,
	)
	gateway = insert("Edge Gateway", gateway_id=f"gw-{code}", sites=[{"site": site}])
	frappe.flags.in_import = True  # Frappe lets a person make sixty users an hour
	key = keys.issue_key(gateway)
	frappe.flags.in_import = False
	frappe.db.commit()
	return World(site, code, device, policy, gateway, f"gw-{code}", f"{key['key_id']}:{key['secret']}")


def _delete_raw(doctype: str, **filters: str) -> None:
	# By name: a search for the rows would lock the whole table against everybody else.
	names = frappe.get_all(doctype, filters=filters, pluck="name")
	frappe.db.delete(doctype, {"name": ("in", names or [""])})


def insert(doctype: str, **fields: Any) -> str:
	return frappe.get_doc({"doctype": doctype, **fields}).insert().name


def request(verb: str, path: str, headers: dict[str, str] | None = None, **arguments: Any) -> TestResponse:
	"""Through the whole of Frappe, in a thread: a request has frappe.local of its own."""
	headers = {"X-Frappe-Site-Name": frappe.local.site, **(headers or {})}
	answers: list[TestResponse] = []

	def send() -> None:
		client = Client(frappe.app.application)
		answers.append(client.open(path, method=verb, headers=headers, buffered=True, **arguments))

	thread = Thread(target=send)
	thread.start()
	thread.join()
	return answers[0]


def user_with(*roles: str, sites: tuple[str, ...] = ()) -> str:
	"""A person in Desk with these roles and User Permissions for these sites."""
	email = f"{secrets.token_hex(4)}@example.com"
	frappe.flags.in_import = True
	insert(
		"User",
		email=email,
		first_name=email,
		enabled=1,
		send_welcome_email=0,
		user_type="System User",
		roles=[{"role": role} for role in roles],
	)
	frappe.flags.in_import = False
	if "System Manager" not in roles:  # Frappe makes a site's first person one
		frappe.db.delete("Has Role", {"parent": email, "role": "System Manager"})
		frappe.clear_cache(user=email)
	for site in sites:
		insert("User Permission", user=email, allow="Site", for_value=site)
	return email
