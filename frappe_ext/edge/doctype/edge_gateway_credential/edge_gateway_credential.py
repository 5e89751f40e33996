from frappe.model.document import Document


class EdgeGatewayCredential(Document):
	pass
