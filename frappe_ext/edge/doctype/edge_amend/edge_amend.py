from frappe.model.document import Document


class EdgeAmend(Document):
	pass
