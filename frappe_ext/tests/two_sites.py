"""Two sites with a row of every type, and people of one of them: what the tests of isolation stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import frappe
from frappe.utils import add_days, now_datetime, nowdate
from frappe.utils.password import set_encrypted_password

from frappe_ext.alerts import kinds
from frappe_ext.clock import now_ms
from frappe_ext.tests.support import World, insert, make_world, user_with
from frappe_ext.tests.weighbridge import ScaleHouse

ROLES = ("QA Manager", "Site Operator", "IT Admin", "Owner")


@dataclass
class Place:
	"""One site. `mark`: a text that stands in all that people may read of it, and nowhere else."""

	world: World
	mark: str
	names: dict[str, str] = field(default_factory=dict)
	"""DocType → a row of this site."""


def make_place() -> Place:
	world = make_world()
	place = Place(world, world.code)
	at = now_ms()
	house = ScaleHouse(world)
	gross, tare = house.weighing("38440"), house.weighing("14580", "tare")
	records = [
		world.observation(1001, "50.0", observed_at=at - 5000, received_at=at),
		world.observation(1002, "21.0", observed_at=at - 4000, received_at=at, raw=place.mark),
		house.genesis,
		gross,
		tare,
		house.ticket(1, gross, tare, at=at, driver=place.mark, declared_net_kg="9000"),
		{**world.observation(1003), "device": f"new-{world.code}"},
	]
	statuses = world.statuses(records)
	if set(statuses) != {"stored"}:
		raise AssertionError(statuses)
	frappe.db.rollback()
	_add_typed(place)
	for doctype, filters in (
		("Observation", {"quality_flag": "Quarantine", "device": world.device}),
		("ScaleTicket", {}),
		("Edge Weighing", {"role": "gross"}),
		("Edge Excursion", {}),
	):
		place.names[doctype] = frappe.get_value(doctype, {"site": world.site, **filters})
	frappe.db.commit()
	return place


def _add_typed(place: Place) -> None:
	world, mark = place.world, place.mark
	site = {"site": world.site}
	place.names |= {"Site": world.site, "Device": world.device, "Edge Gateway": world.gateway}
	place.names["Observation Threshold Policy"] = world.policy
	typed: dict[str, dict[str, Any]] = {
		"Lot": {"lot_number": mark, "qty_kg": 1},
		"Nonconformance": {
			"nc_type": mark,
			"capa_description": mark,
			"severity": "Critical",
			"status": "Open",
		},
		"Certificate": {"cert_type": mark, "certificate_number": mark, "expiry_date": add_days(nowdate(), 5)},
		"Site Tolerance Policy": {"policy_name": mark},
		"Edge Weighing Order": {"vehicle": mark},
		"Edge Vehicle": {"plate": mark},
		"Edge Operator": {"operator": mark, "operator_name": mark},
	}
	for doctype, fields in typed.items():
		place.names[doctype] = insert(doctype, **site, **fields)
	gateway = {"gateway": world.gateway}
	uid = f"{frappe.generate_hash(length=16)}{frappe.generate_hash(length=16)}"
	written: dict[str, dict[str, Any]] = {
		"Edge Gap": {**site, **gateway, "reason": mark, "edge_uid": uid},
		"Edge Amend": {**site, **gateway, "cause": "spike", "target_uid": uid, "edge_uid": uid},
		"Edge Rejection": {**site, **gateway, "code": mark, "message": mark, "status": "Open"},
		"Edge Retention": {**gateway, "edge_epoch": "1", "from_seq": 1, "to_seq": 2, "archive": mark},
		"Edge Enrolment Code": {**gateway, "code_hash": uid},
		"Edge Alert": {
			**site,
			"kind": kinds.MISMATCH,
			"step": kinds.RAISED,
			"about": mark,
			"alert_key": uid,
			"occurred_at": now_datetime(),
			"reference_doctype": "Site",
			"reference_name": world.site,
		},
	}
	for doctype, fields in written.items():
		doc = frappe.get_doc({"doctype": doctype, **fields})
		doc.flags.from_edge = True
		doc.flags.ignore_mandatory = doc.flags.ignore_validate = True
		place.names[doctype] = doc.insert(ignore_links=True).name


def make_people(place: Place) -> dict[str, str]:
	"""role → a user of this site; "nobody": every role and no site."""
	people = {role: user_with(role, sites=(place.world.site,)) for role in ROLES}
	people["nobody"] = user_with(*ROLES)
	frappe.db.commit()
	return people


def token_of(user: str) -> str:
	"""Of a key of Frappe's API. Not by saving the user: on a site without System Managers that makes him one."""
	key = frappe.generate_hash(length=15)
	frappe.db.set_value("User", user, "api_key", key)
	set_encrypted_password("User", user, key, "api_secret")
	return f"token {key}:{key}"


def wipe(places: list[Place], people: dict[str, str]) -> None:
	frappe.db.rollback()
	for user in people.values():
		for doctype in ("User Permission", "Document Follow", "Notification Settings"):
			frappe.db.delete(
				doctype, {"user": user} if doctype != "Notification Settings" else {"name": user}
			)
		frappe.delete_doc("User", user, force=True, flags={"in_patch": True}, ignore_on_trash=True)
	for place in places:
		for doctype, name in place.names.items():
			if doctype not in ("Site", "Edge Gateway", "Edge Operator"):
				frappe.db.delete(doctype, {"name": name})
		frappe.delete_doc("Edge Operator", place.names["Edge Operator"], force=True)
		frappe.db.delete("File", {"attached_to_name": ("in", list(place.names.values()))})
		frappe.db.delete("Tag Link", {"document_name": ("in", list(place.names.values()))})
		frappe.db.delete("Tag", {"name": place.mark})
		frappe.db.delete("Comment", {"reference_name": ("in", list(place.names.values()))})
	frappe.db.commit()
	for place in places:
		place.world.wipe()
