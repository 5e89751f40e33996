"""What ingest refused, counted: one Edge Rejection per gateway, site, code and field, not one per retry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import frappe
from frappe.utils import now

from frappe_ext.auth import Sender
from frappe_ext.contract.storage import Rejected
from frappe_ext.registry import Registry

MAX_PAYLOAD = 4096


def note(sender: Sender, registry: Registry, rejected: Sequence[Rejected]) -> None:
	groups: dict[tuple[str | None, str, str], list[Rejected]] = {}
	for one in rejected:
		groups.setdefault((_site(registry, one), one.code, one.field or ""), []).append(one)
	for (site, code, field), members in sorted(groups.items(), key=lambda group: str(group[0])):
		newest = members[-1]
		_count(
			{
				"gateway": sender.name,
				"site": site,
				"code": code,
				"field": field,
				"edge_uid": newest.uid,
				"message": newest.message,
				"payload": json.dumps(newest.record, ensure_ascii=True, default=str)[:MAX_PAYLOAD],
			},
			len(members),
		)


def _count(columns: dict[str, str | None], count: int) -> None:
	"""The name is made of what is counted: two requests cannot make two rows of one."""
	key = [columns["gateway"], columns["site"], columns["code"], columns["field"]]
	name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:20]
	stamp = now()
	newest = {field: columns[field] for field in ("edge_uid", "message", "payload")} | {"last_at": stamp}
	known = frappe.db.get_value("Edge Rejection", name, "count", for_update=True)
	if known is not None:
		frappe.db.set_value("Edge Rejection", name, newest | {"count": known + count, "status": "Open"})
		return
	doc = frappe.get_doc(
		{"doctype": "Edge Rejection", **columns, "count": count, "first_at": stamp, "last_at": stamp}
	)
	doc.insert(
		ignore_permissions=True, set_name=name
	)  # the key names the gateway; its user has no rights in Desk


def _site(registry: Registry, rejected: Rejected) -> str | None:
	"""Name of the record's Site where it is one of the gateway's, else None."""
	code = rejected.record.get("site") if isinstance(rejected.record, dict) else None
	return registry.site_of_code.get(code) if isinstance(code, str) else None
