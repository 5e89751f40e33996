from frappe.model.document import Document


class Site(Document):
	pass
