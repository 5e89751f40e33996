frappe.query_reports["Sensor Quality"] = {
	filters: [
		{
			fieldname: "from_date",
			label: __("From"),
			fieldtype: "Date",
			default: frappe.datetime.add_days(frappe.datetime.get_today(), -6),
			reqd: 1,
		},
		{ fieldname: "to_date", label: __("To"), fieldtype: "Date", default: frappe.datetime.get_today(), reqd: 1 },
		{ fieldname: "site", label: __("Site"), fieldtype: "Link", options: "Site" },
		{
			fieldname: "device",
			label: __("Device"),
			fieldtype: "Link",
			options: "Device",
			get_query() {
				const site = frappe.query_report.get_filter_value("site");
				return { filters: site ? { site } : {} };
			},
		},
		{
			fieldname: "device_type",
			label: __("Device type"),
			fieldtype: "Select",
			options: ["", "Scale", "Temperature Sensor", "Humidity Sensor", "Other"],
		},
	],
	// Frappe shows a Data cell as HTML; what devices and drivers sent is text.
	formatter(value, row, column, data, default_formatter) {
		const text = typeof value === "string" ? frappe.utils.escape_html(value) : value;
		const shown = default_formatter(text, row, column, data);
		const is_low = ["ok_pct", "uptime_pct"].includes(column.fieldname) && value !== null && value < 95;
		return is_low ? `<span class="text-danger">${shown}</span>` : shown;
	},
};
