from frappe.model.document import Document


class EdgeExcursion(Document):
	pass
