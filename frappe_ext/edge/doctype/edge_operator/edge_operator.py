import frappe
from frappe.model.document import Document


class EdgeOperator(Document):
	pass


def on_doctype_update() -> None:
	frappe.db.add_unique("Edge Operator", ["site", "operator"], constraint_name="unique_site_operator")
