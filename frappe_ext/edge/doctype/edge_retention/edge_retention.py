from frappe.model.document import Document


class EdgeRetention(Document):
	pass
