// Text from outside is shown as text. Frappe takes a Small Text that cannot be edited, and a Data column of a list, for
// HTML: what is left of markup after its sanitizing would be rendered.

const TYPES = [
	"Certificate",
	"Device",
	"Edge Amend",
	"Edge Excursion",
	"Edge Gap",
	"Edge Gateway",
	"Edge Operator",
	"Edge Rejection",
	"Edge Weighing",
	"Nonconformance",
	"Observation",
	"ScaleTicket",
	"Site",
];

for (const doctype of TYPES) {
	frappe.ui.form.on(doctype, {
		setup(frm) {
			for (const field of frm.fields) {
				if (["Small Text", "Text", "Long Text"].includes(field.df.fieldtype)) show_as_text(field);
			}
		},
	});
}

function show_as_text(field) {
	field.set_disp_area = function (value) {
		if (!this.disp_area) return;
		this.disp_area.style.whiteSpace = "pre-wrap";
		this.disp_area.textContent = this.value || value || "";
	};
}

// Formatter of a list's column.
export function as_text(value) {
	return frappe.utils.escape_html(String(value ?? ""));
}

// Formatter of a list's first column, of what is there; Frappe takes it as text there and as HTML in others, so the
// signs of markup are left out.
export function joined(...parts) {
	const text = parts.filter(Boolean).join(" · ");
	return text.replace(/[<>&"'`]/g, "");
}
