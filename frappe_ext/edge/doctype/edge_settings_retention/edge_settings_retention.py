from frappe.model.document import Document


class EdgeSettingsRetention(Document):
	pass
