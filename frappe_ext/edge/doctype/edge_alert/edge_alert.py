from datetime import timedelta

import frappe
from frappe.model.document import Document
from frappe.utils import now_datetime


class EdgeAlert(Document):
	@staticmethod
	def clear_old_logs(days: int = 180) -> None:
		"""For Log Settings; what still waits for its mail stays."""
		alert = frappe.qb.DocType("Edge Alert")
		old = now_datetime() - timedelta(days=days)
		frappe.db.delete(alert, filters=(alert.modified < old) & (alert.status != "Pending"))


def on_doctype_update() -> None:
	"""The newest alert of a gateway's condition is its state; the job asks each few minutes."""
	frappe.db.add_index(
		"Edge Alert", ["reference_doctype", "kind", "reference_name", "creation"], index_name="edge_state"
	)
