// The two weighings behind a ticket side by side, and whether their chain holds.

import { ask, element, fact, moment_text, number_text, pill, section } from "./dom";
import { bytes_of_hex, hex_dump, printable } from "./raw_payload";
import { sentence_list, weight_sentence } from "./reasons";

// What is wrong with a chain; {0}: gross or tare, {1}: the alibi number.
const PROBLEMS = {
	missing: __("The {0} weighing is not here: it has not arrived, or you may not see it."),
	hash_differs: __("Record {1} ({0}) was changed: its hash does not fit what it says."),
	uid_differs: __("Record {1} ({0}) has an identity that does not belong to its place in the chain."),
	predecessor_missing: __("The record before {1} ({0}) is not here: the link cannot be checked."),
	predecessor_changed: __("The record before {1} ({0}) was changed: its hash does not fit what it says."),
	link_differs: __("Record {1} ({0}) does not continue the record before it."),
	weight_differs: __("The ticket's {0} is not what record {1} says."),
	alibi_differs: __("The ticket's alibi hash is not that of its last weighing."),
};
const ROLES = { gross: __("Gross"), tare: __("Tare") };

export function show_mismatch(frm) {
	const { mismatch_flag, mismatch_reasons, difference_kg, difference_pct, tolerance_pct } = frm.doc;
	const parent = section(frm, __("Verdict"), "mismatch");
	const declared = flt(frm.doc.declared_net_kg) > 0;
	const flags = [pill(mismatch_flag ? __("Mismatch") : __("No mismatch"), mismatch_flag ? "red" : "green")];
	if (frm.doc.manual_entry) flags.push(pill(__("Typed by a person"), "orange"));
	if (["Void", "Corrected"].includes(frm.doc.status)) flags.push(pill(__(frm.doc.status), "gray"));
	parent.append(element("div", { class: "edge-pills", "data-edge-verdict": mismatch_flag ? "mismatch" : "ok" }, ...flags));
	parent.append(
		element(
			"div",
			{ class: "edge-facts" },
			fact(__("Net"), kilograms(frm.doc.net_kg)),
			fact(__("Declared"), declared ? kilograms(frm.doc.declared_net_kg) : __("not declared")),
			declared ? fact(__("Difference"), `${kilograms(difference_kg)} · ${number_text(difference_pct, 2)} %`) : null,
			declared ? fact(__("Tolerance"), `${number_text(tolerance_pct, 3)} %`) : null,
		),
	);
	const list = sentence_list(mismatch_reasons, weight_sentence);
	if (list) parent.append(list);
}

function kilograms(value) {
	return `${number_text(value, 3)} kg`;
}

export async function show_weighings(frm) {
	const { gross_weighing, tare_weighing } = frm.doc;
	if (!(gross_weighing || tare_weighing) || !frappe.model.can_read("Edge Weighing")) return;
	const found = await ask(frm, "frappe_ext.desk.tickets.weighings", { ticket: frm.doc.name });
	if (!found) return;
	const parent = section(frm, __("Weighings"), "weighings");
	parent.append(chain_line(found), element("div", { class: "edge-pair" }, ...found.weighings.map((each) => card(frm, each))));
}

function chain_line({ verifies, problems }) {
	if (verifies) {
		const text = __("The chain verifies: every hash fits, and each record continues the one before it.");
		return element("p", { "data-edge-chain": "verifies" }, pill(__("Chain verifies"), "green"), " ", text);
	}
	const items = problems.map(({ code, role, seq }) =>
		element("li", { text: (PROBLEMS[code] || code).replace("{0}", () => ROLES[role] || role).replace("{1}", () => seq ?? "?") }),
	);
	return element(
		"div",
		{ "data-edge-chain": "broken" },
		pill(__("Chain does not verify"), "red"),
		element("ul", { class: "edge-reasons" }, ...items),
	);
}

function card(frm, weighing) {
	const title = element("h6", { text: ROLES[weighing.side] });
	if (weighing.stored_tare) return element("div", { class: "edge-card" }, title, stored_tare(frm));
	if (!weighing.name) return element("div", { class: "edge-card" }, title, element("p", { class: "text-muted", text: __("Not here.") }));
	const href = `/app/edge-weighing/${encodeURIComponent(weighing.name)}`;
	return element(
		"div",
		{ class: "edge-card", "data-edge-weighing": weighing.side },
		title,
		element("p", { class: "edge-weight" }, element("bdi", { text: `${weighing.value} ${weighing.unit}` })),
		weighing.manual ? pill(__("Typed by a person"), "orange") : null,
		fact(__("Weighed at"), moment_text(weighing.at_ms)),
		fact(__("Alibi number"), weighing.seq),
		fact(__("Stability"), weighing.stability ? __(weighing.stability) : ""),
		fact(__("Mode"), weighing.mode),
		fact(__("Operator"), weighing.operator),
		fact(__("Override"), weighing.override),
		fact(__("Reason of the manual entry"), weighing.reason),
		frame(weighing.raw_hex),
		fact(__("Hash"), weighing.hash, { class: "edge-hash", dir: "ltr" }),
		element("a", { href, text: __("Open the weighing") }),
	);
}

function stored_tare(frm) {
	const { tare_vehicle, tare_at } = frm.doc;
	const at = tare_at ? moment_text(tare_at) : "?";
	return element("p", {}, __("Stored tare of the vehicle, weighed at {0}.", [at]), " ", element("bdi", { text: tare_vehicle || "" }));
}

// The indicator's own bytes: as text where they can be printed, and as they are.
function frame(raw_hex) {
	if (!raw_hex) return null;
	const bytes = bytes_of_hex(raw_hex);
	return element(
		"div",
		{ class: "edge-fact" },
		element("span", { class: "text-muted", text: __("Raw frame") }),
		element("code", { dir: "ltr", text: printable([...bytes]) }),
		element("pre", { class: "edge-raw", dir: "ltr", "data-edge-raw": "frame", text: hex_dump(bytes) }),
	);
}
