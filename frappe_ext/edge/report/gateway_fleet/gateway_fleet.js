frappe.query_reports["Gateway Fleet"] = {
	filters: [
		{ fieldname: "site", label: __("Site"), fieldtype: "Link", options: "Site" },
		{ fieldname: "gateway", label: __("Gateway"), fieldtype: "Link", options: "Edge Gateway" },
		{ fieldname: "only_silent", label: __("Only silent ones"), fieldtype: "Check" },
	],
	// Frappe shows a Data cell as HTML; what devices and drivers sent is text.
	formatter(value, row, column, data, default_formatter) {
		const text = typeof value === "string" ? frappe.utils.escape_html(value) : value;
		const shown = default_formatter(text, row, column, data);
		return is_alarming(column.fieldname, data) ? `<span class="text-danger">${shown}</span>` : shown;
	},
};

function is_alarming(fieldname, data) {
	if (!data) return false;
	if (fieldname === "last_seen") return data.silent;
	if (fieldname === "state") return data.held || data.revoked;
	if (fieldname === "disk_used_pct") return data.disk_used_pct > 80;
	return ["drops", "rejections"].includes(fieldname) && data[fieldname] > 0;
}
