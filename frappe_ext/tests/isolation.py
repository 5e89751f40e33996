"""A test of isolation: people of one site ask by requests, and nothing of the other site may be in the answer."""

from __future__ import annotations

import frappe
from frappe.tests.utils import FrappeTestCase

from frappe_ext.tests.support import request
from frappe_ext.tests.two_sites import make_people, make_place, token_of, wipe


class IsolationCase(FrappeTestCase):
	"""Ours and theirs have the same rows; `people` are ours."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.ours, cls.theirs = cls.places = [make_place(), make_place()]
		cls.people = make_people(cls.ours)
		cls.addClassCleanup(wipe, cls.places, cls.people)
		cls.tokens = {role: token_of(user) for role, user in cls.people.items()}
		cls.secrets = {cls.theirs.mark, *cls.theirs.names.values()}
		frappe.db.commit()

	def ask(self, role, method, verb="POST", **arguments):
		path = method if method.startswith("/") else f"/api/method/{method}"
		headers = {"Authorization": self.tokens[role]}
		if verb == "GET":
			return request("GET", path, headers=headers, query_string=arguments)
		return request(verb, path, headers=headers, json=arguments)

	def assert_closed(self, answer, given=()):
		"""Nothing of theirs is in it, but what the request itself named."""
		text = answer if isinstance(answer, str) else answer.text
		self.assertEqual([secret for secret in self.secrets - set(given) if secret in text], [], text[:600])
