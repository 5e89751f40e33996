from frappe.model.document import Document


class SiteTolerancePolicy(Document):
	pass
