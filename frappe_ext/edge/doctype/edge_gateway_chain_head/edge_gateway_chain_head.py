from frappe.model.document import Document


class EdgeGatewayChainHead(Document):
	pass
