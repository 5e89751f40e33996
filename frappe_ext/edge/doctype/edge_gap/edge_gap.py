from frappe.model.document import Document


class EdgeGap(Document):
	pass
