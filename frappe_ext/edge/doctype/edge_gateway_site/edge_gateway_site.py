from frappe.model.document import Document


class EdgeGatewaySite(Document):
	pass
