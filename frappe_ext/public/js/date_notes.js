// Frappe adds the time zone to a Datetime's description before it looks for a translation, and finds none. So what
// stands before it is translated here.

const LINE = "<br>";

for (const doctype of ["Observation", "ScaleTicket", "Edge Gateway"]) {
	frappe.ui.form.on(doctype, {
		refresh(frm) {
			for (const field of frm.fields) {
				if (field.df.fieldtype !== "Datetime" || !field.df.description) continue;
				const [note, ...zone] = field.df.description.split(LINE);
				field.df.description = [__(note), ...zone].join(LINE);
				field.set_description();
			}
		},
	});
}
