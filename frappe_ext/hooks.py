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
before_uninstall = "frappe_ext.install.before_uninstall"
before_app_uninstall = "frappe_ext.install.before_app_uninstall"

auth_hooks = ["frappe_ext.auth.authenticate"]

app_include_js = ["edge.bundle.js"]

jinja = {"methods": ["frappe_ext.ticket_print.edge_ticket_facts"]}
# What leaves as a spreadsheet: text from outside must not run there.
override_whitelisted_methods = {
	"frappe.desk.query_report.export_query": "frappe_ext.exports.export_report",
	"frappe.desk.reportview.export_query": "frappe_ext.exports.export_list",
	"frappe.core.doctype.data_export.exporter.export_data": "frappe_ext.exports.export_data",
	# What would answer, or write, past the user's sites.
	"frappe.client.get_count": "frappe_ext.guards.get_count",
	"frappe.desk.search.search_link": "frappe_ext.guards.search_link",
	"frappe.desk.search.search_widget": "frappe_ext.guards.search_widget",
	"frappe.desk.search.get_link_title": "frappe_ext.guards.get_link_title",
	"frappe.utils.global_search.search": "frappe_ext.guards.search_everything",
	"frappe.desk.doctype.dashboard_chart.dashboard_chart.get": "frappe_ext.guards.get_chart",
	"frappe.desk.listview.get_group_by_count": "frappe_ext.guards.get_group_by_count",
	"frappe.utils.goal.get_monthly_goal_graph_data": "frappe_ext.guards.get_monthly_goal_graph_data",
	"frappe.desk.doctype.tag.tag.get_tagged_docs": "frappe_ext.guards.get_tagged_docs",
	"frappe.desk.doctype.tag.tag.add_tag": "frappe_ext.guards.add_tag",
	"frappe.desk.doctype.tag.tag.add_tags": "frappe_ext.guards.add_tags",
	"frappe.desk.doctype.tag.tag.remove_tag": "frappe_ext.guards.remove_tag",
	"frappe.desk.like.toggle_like": "frappe_ext.guards.toggle_like",
}
app_include_css = ["edge.bundle.css"]

_records = "frappe_ext.edge_records.doctype"
_own = "frappe_ext.edge.doctype"
_site = "frappe_ext.site_access"
_gateway = "frappe_ext.gateway_access"
_alerts = "frappe_ext.alerts"
_guards = "frappe_ext.guards"
_immutable = "frappe_ext.immutable"

doc_events = {
	"File": {"validate": f"{_guards}.refuse_foreign_attachment"},
	"Document Follow": {"validate": f"{_guards}.refuse_blind_follower"},
	"Site": {
		"validate": f"{_records}.site.events.validate",
		"before_rename": f"{_immutable}.refuse_merge",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_records}.site.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_records}.site.events.publish"],
	},
	"Device": {
		"validate": f"{_records}.device.events.validate",
		"before_rename": f"{_immutable}.refuse_merge",
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
		"on_update": [f"{_records}.scaleticket.events.on_update", f"{_alerts}.events.ticket"],
		"before_rename": f"{_records}.scaleticket.events.refuse_loss",
		"on_trash": [f"{_site}.check_write", f"{_records}.scaleticket.events.refuse_loss"],
	},
	"Nonconformance": {
		"validate": f"{_records}.nonconformance.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_alerts}.events.nonconformance",
		"on_trash": f"{_site}.check_write",
	},
	"Site Tolerance Policy": {
		"validate": f"{_records}.site_tolerance_policy.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_records}.site_tolerance_policy.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_records}.site_tolerance_policy.events.publish"],
	},
	"Certificate": {
		"validate": f"{_records}.certificate.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_alerts}.certificates.on_update",
		"on_trash": f"{_site}.check_write",
	},
	"Edge Gateway": {
		"validate": f"{_own}.edge_gateway.events.validate",
		"before_rename": f"{_immutable}.refuse_merge",
		"before_save": f"{_gateway}.check_write",
		"on_trash": f"{_gateway}.check_write",
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
	"Edge Settings": {"validate": "frappe_ext.retention.validate_settings"},
	"Edge Excursion": {
		"before_save": f"{_own}.edge_excursion.events.before_save",
		"on_update": f"{_alerts}.events.excursion",
		"before_rename": f"{_own}.edge_excursion.events.refuse_loss",
		"on_trash": f"{_own}.edge_excursion.events.refuse_loss",
	},
	"Edge Gap": {
		"before_save": "frappe_ext.immutable.refuse_change",
		"before_rename": "frappe_ext.immutable.refuse_loss",
		"on_trash": "frappe_ext.immutable.refuse_loss",
	},
	"Edge Amend": {
		"before_save": "frappe_ext.immutable.refuse_change",
		"before_rename": "frappe_ext.immutable.refuse_loss",
		"on_trash": "frappe_ext.immutable.refuse_loss",
	},
	# A forged or lost one would make a gateway's record a duplicate, or a new row of what has left.
	"Edge Retention": {
		"before_save": "frappe_ext.immutable.refuse_change",
		"before_rename": "frappe_ext.immutable.refuse_any_loss",
		"on_trash": "frappe_ext.immutable.refuse_any_loss",
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
	"Edge Operator": {
		"validate": f"{_own}.edge_operator.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_own}.edge_operator.events.on_update",
		"on_trash": [f"{_site}.check_write", f"{_own}.edge_operator.events.on_trash"],
	},
	"Edge Vehicle": {
		"validate": f"{_own}.edge_vehicle.events.validate",
		"before_save": f"{_site}.check_write",
		"on_update": f"{_own}.edge_vehicle.events.publish",
		"on_trash": [f"{_site}.check_write", f"{_own}.edge_vehicle.events.publish"],
	},
}

_written = (
	"Observation",
	"ScaleTicket",
	"Edge Weighing",
	"Edge Gap",
	"Edge Amend",
	"Edge Excursion",
	"Edge Retention",
)
_in_place_of_save = dict.fromkeys(
	("before_submit", "before_cancel", "before_update_after_submit"), f"{_immutable}.refuse_docstatus"
)
doc_events = doc_events | {doctype: doc_events[doctype] | _in_place_of_save for doctype in _written}

scheduler_events = {
	"all": [f"{_alerts}.run.run"],
	"hourly": ["frappe_ext.late_weighings.check"],
	"daily": [f"{_alerts}.run.daily"],
	"daily_long": ["frappe_ext.retention.run"],
	"monthly_long": ["frappe_ext.baseline.analyze_monthly"],
}
default_log_clearing_doctypes = {"Edge Alert": 180}

_of_sites = (
	"Site",
	"Device",
	"Observation",
	"Observation Threshold Policy",
	"Lot",
	"ScaleTicket",
	"Nonconformance",
	"Site Tolerance Policy",
	"Certificate",
	"Edge Alert",
	"Edge Excursion",
	"Edge Gap",
	"Edge Amend",
	"Edge Rejection",
	"Edge Weighing",
	"Edge Weighing Order",
	"Edge Vehicle",
	"Edge Operator",
)
_of_gateways = ("Edge Gateway", "Edge Enrolment Code", "Edge Retention")
_tables_of_gateways = (
	"Edge Gateway Site",
	"Edge Gateway Credential",
	"Edge Gateway Chain Head",
	"Edge Gateway Provisional",
)
permission_query_conditions = (
	{doctype: f"{_site}.query_conditions" for doctype in (*_of_sites, "Edge Settings Retention")}
	| {doctype: f"{_gateway}.query_conditions" for doctype in (*_of_gateways, *_tables_of_gateways)}
	| {doctype: f"{_guards}.attached_conditions" for doctype in ("File", "Tag Link")}
	| {"Prepared Report": f"{_guards}.prepared_report_conditions"}
)
has_permission = (
	{doctype: f"{_site}.has_permission" for doctype in _of_sites}
	| {doctype: f"{_gateway}.has_permission" for doctype in _of_gateways}
	| {"Prepared Report": f"{_guards}.may_read_prepared_report"}
)

export_python_type_annotations = True
