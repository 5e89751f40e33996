frappe.query_reports["Weighbridge Reconciliation"] = {
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
		{ fieldname: "scale", label: __("Scale"), fieldtype: "Data" },
		{ fieldname: "epoch", label: __("Epoch"), fieldtype: "Data" },
		{
			fieldname: "kind",
			label: __("Finding"),
			fieldtype: "Select",
			options: [
				"",
				"Capture without ticket",
				"Ticket without capture",
				"Number gap",
				"Void",
				"Corrected",
				"Mismatch",
			],
		},
	],
	// Frappe shows a Data cell as HTML; what devices and drivers sent is text.
	formatter(value, row, column, data, default_formatter) {
		const text = typeof value === "string" ? frappe.utils.escape_html(value) : value;
		return default_formatter(text, row, column, data);
	},
};
