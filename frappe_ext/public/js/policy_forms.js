// The limits of a policy as they were typed.

for (const doctype of ["Observation Threshold Policy", "Site Tolerance Policy"]) {
	frappe.ui.form.on(doctype, {
		setup(frm) {
			for (const field of frm.fields) {
				if (field.df.fieldtype === "Float") without_trailing_zeros(field);
			}
		},
	});
}

// As many decimals as are kept would be shown: 10.000000000 is read as 10.
function without_trailing_zeros(field) {
	const format = field.format_for_input;
	field.format_for_input = function (value) {
		const text = format.call(this, value);
		const { decimal_str } = get_number_format_info(this.get_number_format());
		if (!text || !decimal_str || !text.includes(decimal_str)) return text;
		const trimmed = text.replace(/0+$/, "");
		return trimmed.endsWith(decimal_str) ? trimmed.slice(0, -decimal_str.length) : trimmed;
	};
}
