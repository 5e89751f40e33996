// The form of a scale ticket: the reasons of its verdict as sentences, and the way to its weighings and Nonconformance.

// {0}: the detail behind the code.
const SENTENCES = {
	net_vs_declared: __("The net differs from the declared weight by {0}."),
	net_arithmetic: __("Gross, tare and net do not fit together ({0})."),
	gross_below_tare: __("The gross is below the tare."),
	weight_not_captured: __("The {0} weight is not the one that the scale captured, or its weighing never arrived."),
	unit_mismatch: __("A weighing has another unit than the ticket."),
	preset_tare: __("The tare was preset in the indicator, not weighed."),
	duplicate_ticket: __("The ticket that this one corrects has another correction already."),
	chain_broken: __("The chain of weighings is broken here."),
	indicator_net: __("The indicator's net differs."),
	tare_drift: __("The tare is far from this vehicle's earlier ones ({0})."),
	stale_tare: __("The stored tare is too old ({0})."),
	time_order: __("The second weighing is earlier than the first."),
	over_capacity: __("A weight is above the scale's capacity."),
	below_min: __("A weight is below the scale's minimum."),
	no_zero_return: __("The scale had not returned to zero before a weighing."),
	unstable: __("A weight was taken in motion."),
	manual_entry: __("A weight was typed by a person."),
	stability_inferred: __("The indicator sends no stability; it was inferred from its readings."),
};

frappe.ui.form.on("ScaleTicket", {
	refresh(frm) {
		show_reasons(frm);
		if (frm.is_new()) return;
		offer_nonconformance(frm);
		offer_weighings(frm);
		if (!frm.doc.edge_uid) return;
		for (const fieldname of WRITTEN) frm.set_df_property(fieldname, "read_only", 1);
	},
});

// The server refuses a change of these in a ticket that the scale house wrote; the form says so beforehand.
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

function sentence_of(reason) {
	const [code, ...detail] = reason.split(":");
	const sentence = SENTENCES[code];
	return sentence ? sentence.replace("{0}", detail.join(":") || "?") : reason;
}

// Below the codes, which stay: they are what filters and exports know. Text from outside is text only.
function show_reasons(frm) {
	const field = frm.fields_dict.mismatch_reasons;
	if (!field) return;
	const wrapper = field.$wrapper[0];
	wrapper.querySelector("[data-edge-reasons]")?.remove();
	const reasons = (frm.doc.mismatch_reasons || "").split("\n").filter(Boolean);
	if (!reasons.length) return;
	const list = document.createElement("ul");
	list.dataset.edgeReasons = "";
	for (const reason of reasons) {
		const item = document.createElement("li");
		item.textContent = sentence_of(reason);
		list.append(item);
	}
	wrapper.append(list);
}

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
