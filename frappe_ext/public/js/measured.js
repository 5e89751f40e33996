// What a gateway wrote cannot be changed: the server refuses it, and the form does not offer it. Said to the control
// itself, before it is shown: a date that was once an input rounds its seconds, and the form would count as changed.

// `fields_of(doc)`: names of the fields that are fixed in this document.
export function fix_measured(doctype, fields_of) {
	frappe.ui.form.on(doctype, {
		setup(frm) {
			for (const field of frm.fields) {
				if (field.get_status && field.df.fieldname) fix(frm, field, fields_of);
			}
		},
	});
}

function fix(frm, field, fields_of) {
	const get_status = field.get_status;
	field.get_status = function (explain) {
		const status = get_status.call(this, explain);
		const is_fixed = status === "Write" && frm.doc && fields_of(frm.doc).includes(this.df.fieldname);
		return is_fixed ? "Read" : status;
	};
}
