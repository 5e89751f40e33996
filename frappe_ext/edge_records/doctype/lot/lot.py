from frappe.model.document import Document


class Lot(Document):
	pass
