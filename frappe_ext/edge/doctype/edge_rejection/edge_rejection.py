from frappe.model.document import Document


class EdgeRejection(Document):
	pass
