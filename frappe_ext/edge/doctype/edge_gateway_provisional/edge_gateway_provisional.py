from frappe.model.document import Document


class EdgeGatewayProvisional(Document):
	pass
