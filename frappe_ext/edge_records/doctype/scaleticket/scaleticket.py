from frappe.model.document import Document


class ScaleTicket(Document):
	pass
