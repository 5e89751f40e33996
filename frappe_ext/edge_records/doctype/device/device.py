from frappe.model.document import Document


class Device(Document):
	pass
