from frappe.model.document import Document


class Nonconformance(Document):
	pass
