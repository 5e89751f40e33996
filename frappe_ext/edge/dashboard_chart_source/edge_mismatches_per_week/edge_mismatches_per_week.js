frappe.provide("frappe.dashboards.chart_sources");

frappe.dashboards.chart_sources["Edge Mismatches per Week"] = {
	method: "frappe_ext.desk.charts.mismatches_per_week",
};
