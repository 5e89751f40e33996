from frappe.model.document import Document


class EdgeEnrolmentCode(Document):
	pass
