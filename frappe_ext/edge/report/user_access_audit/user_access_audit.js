frappe.query_reports["User Access Audit"] = {
	filters: [
		{ fieldname: "site", label: __("Site"), fieldtype: "Link", options: "Site" },
		{ fieldname: "user", label: __("User"), fieldtype: "Link", options: "User" },
		{ fieldname: "role", label: __("Role"), fieldtype: "Link", options: "Role" },
		{ fieldname: "only_remarks", label: __("Only with a remark"), fieldtype: "Check" },
	],
	// Frappe shows a Data cell as HTML; what devices and drivers sent is text.
	formatter(value, row, column, data, default_formatter) {
		const text = typeof value === "string" ? frappe.utils.escape_html(value) : value;
		return default_formatter(text, row, column, data);
	},
};
