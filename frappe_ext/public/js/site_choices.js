// A document of a site offers what that site has; the server refuses another site's lot.

const OF_SITE = {
	ScaleTicket: ["device", "lot", "order"],
	Nonconformance: ["lot"],
	"Edge Weighing Order": ["lot"],
	"Edge Vehicle": ["tare_ticket"],
};

for (const [doctype, fieldnames] of Object.entries(OF_SITE)) {
	frappe.ui.form.on(doctype, {
		setup(frm) {
			for (const fieldname of fieldnames) {
				frm.set_query(fieldname, () => (frm.doc.site ? { filters: { site: frm.doc.site } } : {}));
			}
		},
	});
}
