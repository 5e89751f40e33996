from frappe.model.document import Document


class ObservationThresholdPolicy(Document):
	pass
