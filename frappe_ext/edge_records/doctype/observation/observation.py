from frappe.model.document import Document


class Observation(Document):
	pass
