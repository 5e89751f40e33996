from frappe.model.document import Document


class EdgeWeighingOrder(Document):
	pass
