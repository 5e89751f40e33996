"""What the tests of alerts stand on: two sites with people, and what reached whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import now_datetime

from frappe_ext.alerts import kinds, wake
from frappe_ext.alerts.kinds import Alert
from frappe_ext.alerts.noting import note
from frappe_ext.tests.support import World, insert, make_world, user_with

ACCOUNT = "Edge alert tests"


class AlertCase(FrappeTestCase):
	"""Each test begins without alerts and mails of its sites and people. No job is queued."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.worlds = [make_world(), make_world()]
		cls.ours, cls.theirs = cls.worlds
		cls.people = []
		cls.addClassCleanup(cls.wipe_all)
		queue = patch.object(wake, "_committed", wake._forget)
		queue.start()
		cls.addClassCleanup(queue.stop)
		cls.qa = cls.person("QA Manager", cls.ours)
		cls.operator = cls.person("Site Operator", cls.ours)
		cls.owner = cls.person("Owner", cls.ours)
		cls.it = cls.person("IT Admin", cls.ours)
		cls.everyone = (cls.qa, cls.operator, cls.owner, cls.it)
		cls.strangers = [
			cls.person(role, cls.theirs) for role in ("QA Manager", "Site Operator", "Owner", "IT Admin")
		]
		cls.strangers.append(cls.person("QA Manager"))  # of no site
		make_account()
		frappe.db.commit()

	@classmethod
	def person(cls, role: str, world: World | None = None, language: str = "en") -> str:
		user = user_with(role, sites=(world.site,) if world else ())
		frappe.db.set_value("User", user, "language", language)
		# Frappe gives it to a site's first user in Desk.
		if role != "System Manager":
			frappe.db.delete("Has Role", {"parent": user, "role": "System Manager"})
			frappe.clear_cache(user=user)
		cls.people.append(user)
		return user

	def setUp(self):
		self.forget()

	@classmethod
	def forget(cls):
		frappe.db.rollback()
		frappe.local.outgoing_email_account = {}
		sites = [world.site for world in cls.worlds]
		gateways = [world.gateway for world in cls.worlds]
		frappe.db.delete("Edge Alert", {"site": ("in", sites)})
		frappe.db.delete("Edge Alert", {"site": ("is", "not set")})
		frappe.db.delete("Edge Alert", {"reference_name": ("in", gateways)})
		frappe.db.delete("Notification Log", {"for_user": ("in", cls.people or [""])})
		queued = frappe.get_all(
			"Email Queue Recipient", filters={"recipient": ("in", cls.people or [""])}, pluck="parent"
		)
		frappe.db.delete("Email Queue Recipient", {"parent": ("in", queued or [""])})
		frappe.db.delete("Email Queue", {"name": ("in", queued or [""])})
		for doctype in ("Certificate", "Nonconformance", "ScaleTicket"):
			frappe.db.delete(doctype, {"site": ("in", sites)})
		frappe.db.commit()

	@classmethod
	def wipe_all(cls):
		cls.forget()
		frappe.delete_doc("Email Account", ACCOUNT, force=True, ignore_missing=True)
		for user in cls.people:
			frappe.db.delete("User Permission", {"user": user})
			frappe.delete_doc("User", user, force=True, flags={"in_patch": True}, ignore_on_trash=True)
		frappe.db.commit()
		for world in cls.worlds:
			world.wipe()

	def note(self, kind: str = kinds.MISMATCH, *, age: timedelta = timedelta(), **changes: Any) -> None:
		"""An alert of our site that happened `age` ago."""
		fields: dict[str, Any] = {
			"step": kinds.RAISED,
			"key": (frappe.generate_hash(),),
			"about": frappe.generate_hash(),
			"occurred_at": now_datetime() - age,
			"site": self.ours.site,
			"reference": ("Site", self.ours.site),
			**changes,
		}
		self.assertTrue(note(Alert(kind=kind, **fields)))

	def alerts(self, **filters: Any) -> list[Any]:
		return frappe.get_all(
			"Edge Alert",
			filters={"site": self.ours.site, **filters},
			fields=["*"],
			order_by="creation",
		)

	def reached(self) -> list[str]:
		"""Everybody of ours who got a mail."""
		return sorted(user for user in self.people if mails_to(user))


def mails_to(user: str) -> list[EmailMessage]:
	"""What waits for the mail server, as it would be sent."""
	rows = frappe.db.sql(
		"""select queue.message from `tabEmail Queue` queue
		join `tabEmail Queue Recipient` recipient on recipient.parent = queue.name
		where recipient.recipient = %s order by queue.creation""",
		user,
		pluck=True,
	)
	return [message_from_string(text, policy=policy.default) for text in rows]


def body_of(mail: EmailMessage, kind: str = "html") -> str:
	return mail.get_body((kind,)).get_content()


def make_account(port: int = 9) -> None:
	"""The default outgoing account; nothing listens at port 9."""
	if frappe.db.exists("Email Account", ACCOUNT):
		frappe.db.set_value("Email Account", ACCOUNT, "smtp_port", port)
		frappe.clear_document_cache("Email Account", ACCOUNT)
		return
	doc = frappe.get_doc(
		{
			"doctype": "Email Account",
			"email_account_name": ACCOUNT,
			"email_id": "edge@example.com",
			"enable_outgoing": 1,
			"default_outgoing": 1,
			"smtp_server": "127.0.0.1",
			"smtp_port": port,
			"no_smtp_authentication": 1,
		}
	)
	doc.flags.ignore_validate = True  # it would connect
	doc.insert()


def make_certificate(world: World, days: int, **changes: Any) -> str:
	expiry = (datetime.now() + timedelta(days=days)).date()
	return insert(
		"Certificate",
		**{
			"cert_type": "Organic",
			"certificate_number": "C-1",
			"site": world.site,
			"expiry_date": str(expiry),
			**changes,
		},
	)
