from frappe.model.document import Document


class Certificate(Document):
	pass
