import frappe
from frappe.model.document import Document


class EdgeVehicle(Document):
	pass


def on_doctype_update() -> None:
	frappe.db.add_unique("Edge Vehicle", ["site", "plate"], constraint_name="unique_site_plate")
