import frappe
from frappe.model.document import Document


class EdgeWeighing(Document):
	pass


def on_doctype_update() -> None:
	"""A chain is read in order; the hourly check reads what has just come."""
	chain = ["gateway", "device_text(64)", "epoch(20)", "seq"]
	frappe.db.add_index("Edge Weighing", chain, index_name="chain")
	frappe.db.add_index("Edge Weighing", ["creation"], index_name="creation")
