// The form of a scale ticket: why it mismatched, both weighings and their chain, and the way to its Nonconformance.

import { fix_measured } from "./measured";
import { show_sentences, weight_sentence } from "./reasons";
import { show_mismatch, show_weighings } from "./ticket_weighings";

const WRITTEN = [
	"ticket_number",
	"ticket_datetime",
	"direction",
	"status",
	"void_reason",
	"site",
	"device",
	"vehicle",
	"driver",
	"order",
	"gross_kg",
	"tare_kg",
	"declared_net_kg",
];

fix_measured("ScaleTicket", ({ edge_uid }) => (edge_uid ? WRITTEN : []));

frappe.ui.form.on("ScaleTicket", {
	refresh(frm) {
		for (const fieldname of ["mismatch_reasons", "edge_reasons"]) show_sentences(frm, fieldname, weight_sentence);
		if (frm.is_new()) return;
		show_mismatch(frm);
		show_weighings(frm);
		offer_nonconformance(frm);
		offer_weighings(frm);
	},
});

async function offer_nonconformance(frm) {
	if (!frappe.model.can_read("Nonconformance")) return;
	const ticket = frm.doc.name;
	const about = { reference_doctype: "ScaleTicket", reference_name: ticket };
	const { message } = await frappe.db.get_value("Nonconformance", about, "name");
	if (!message?.name || frm.doc.name !== ticket) return; // none, or another ticket is shown by now
	frm.add_custom_button(__("Nonconformance"), () => frappe.set_route("Form", "Nonconformance", message.name));
}

function offer_weighings(frm) {
	const uids = [frm.doc.gross_weighing, frm.doc.tare_weighing].filter(Boolean);
	if (!uids.length || !frappe.model.can_read("Edge Weighing")) return;
	frm.add_custom_button(__("Weighings"), () =>
		frappe.set_route("List", "Edge Weighing", "List", { edge_uid: ["in", uids] }),
	);
}

frappe.ui.form.on("Nonconformance", {
	refresh(frm) {
		const { reference_doctype, reference_name } = frm.doc;
		if (frm.is_new() || !reference_doctype || !reference_name) return;
		frm.add_custom_button(__(reference_doctype), () => frappe.set_route("Form", reference_doctype, reference_name));
	},
});
