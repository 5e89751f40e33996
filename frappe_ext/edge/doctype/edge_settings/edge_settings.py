from frappe.model.document import Document


class EdgeSettings(Document):
	pass
