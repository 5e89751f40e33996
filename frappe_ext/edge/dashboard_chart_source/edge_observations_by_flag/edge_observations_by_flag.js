frappe.provide("frappe.dashboards.chart_sources");

frappe.dashboards.chart_sources["Edge Observations by Flag"] = {
	method: "frappe_ext.desk.charts.observations_by_flag",
};
