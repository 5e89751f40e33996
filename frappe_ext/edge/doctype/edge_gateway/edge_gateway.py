from frappe.model.document import Document


class EdgeGateway(Document):
	pass
