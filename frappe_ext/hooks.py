"""What Frappe asks of this app. Behaviour of record types is attached here and nowhere else (doc_events): one code
path, whether a type is ours or another app's."""

app_name = "frappe_ext"
app_title = "Site Edge"
app_publisher = "Site Edge"
app_description = "Receives, judges and shows what the edge gateways measure"
app_email = "site-edge@example.invalid"
app_license = "mit"

before_install = "frappe_ext.install.before_install"
after_install = "frappe_ext.install.after_install"
after_migrate = "frappe_ext.install.after_migrate"
after_app_install = "frappe_ext.install.after_app_install"
before_app_uninstall = "frappe_ext.install.before_app_uninstall"

auth_hooks = ["frappe_ext.auth.authenticate"]

app_include_js = ["edge.bundle.js"]

_records = "frappe_ext.edge_records.doctype"
_own = "frappe_ext.edge.doctype"
_site = "frappe_ext.site_access"

doc_events = {
	"Site": {
		"validate": f"{_records}.site.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_records}.site.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_records}.site.events.publish"],
	},
	"Device": {
		"validate": f"{_records}.device.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_records}.device.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_records}.device.events.publish"],
	},
	"Observation": {
		"validate": f"{_records}.observation.events.validate",
		"before_save": [f"{_site}.check_write", f"{_records}.observation.events.before_save"],
		"before_rename": f"{_records}.observation.events.refuse_loss",
		"on_trash": [f"{_site}.check_write", f"{_records}.observation.events.refuse_loss"],
	},
	"Observation Threshold Policy": {
		"validate": f"{_records}.observation_threshold_policy.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_records}.observation_threshold_policy.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_records}.observation_threshold_policy.events.publish"],
	},
	"Lot": {
		"before_save": f"{_site}.check_write",
		"on_update": f"{_records}.lot.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_records}.lot.events.publish"],
	},
	"ScaleTicket": {
		"validate": f"{_records}.scaleticket.events.validate",
		"before_save": [f"{_site}.check_write", f"{_records}.scaleticket.events.before_save"],
		"on_update": f"{_records}.scaleticket.events.on_update",
		"before_rename": f"{_records}.scaleticket.events.refuse_loss",
		"on_trash": [f"{_site}.check_write", f"{_records}.scaleticket.events.refuse_loss"],
	},
	"Nonconformance": {
		"validate": f"{_records}.nonconformance.events.validate",
		"before_save": f"{_site}.check_write",
		"on_trash": f"{_site}.check_write",
	},
	"Site Tolerance Policy": {
		"validate": f"{_records}.site_tolerance_policy.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_records}.site_tolerance_policy.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_records}.site_tolerance_policy.events.publish"],
	},
	"Edge Gateway": {
		"validate": f"{_own}.edge_gateway.events.validate",
		"on_update": f"{_own}.edge_gateway.events.publish",
	},
	"Edge Gateway Chain Head": {
		"before_save": f"{_own}.edge_gateway.events.refuse_row",
		"on_trash": f"{_own}.edge_gateway.events.refuse_row",
	},
	"Edge Gateway Provisional": {
		"before_save": f"{_own}.edge_gateway.events.refuse_row",
		"on_trash": f"{_own}.edge_gateway.events.refuse_row",
	},
	"Edge Gap": {
		"before_save": "frappe_ext.immutable.refuse_change",
		"on_trash": "frappe_ext.immutable.refuse_loss",
	},
	"Edge Amend": {
		"before_save": "frappe_ext.immutable.refuse_change",
		"on_trash": "frappe_ext.immutable.refuse_loss",
	},
	"Edge Weighing": {
		"before_save": "frappe_ext.immutable.refuse_change",
		"before_rename": "frappe_ext.immutable.refuse_loss",
		"on_trash": "frappe_ext.immutable.refuse_loss",
	},
	"Edge Weighing Order": {
		"validate": f"{_own}.edge_weighing_order.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_own}.edge_weighing_order.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_own}.edge_weighing_order.events.publish"],
	},
	"Edge Vehicle": {
		"validate": f"{_own}.edge_vehicle.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_own}.edge_vehicle.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_own}.edge_vehicle.events.publish"],
	},
}

scheduler_events = {"hourly": ["frappe_ext.late_weighings.check"]}

_of_sites = (
	"Site",
	"Device",
	"Observation",
	"Observation Threshold Policy",
	"Lot",
	"ScaleTicket",
	"Nonconformance",
	"Site Tolerance Policy",
	"Edge Gap",
	"Edge Amend",
	"Edge Rejection",
	"Edge Weighing",
	"Edge Weighing Order",
	"Edge Vehicle",
)
permission_query_conditions = {doctype: f"{_site}.query_conditions" for doctype in _of_sites}
has_permission = {doctype: f"{_site}.has_permission" for doctype in _of_sites}

export_python_type_annotations = True
