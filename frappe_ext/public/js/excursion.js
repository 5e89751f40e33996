// The form of an excursion: what a person does about it. Its own fields are written by the server alone.

import { ask, element, fact, moment_text, pill, section } from "./dom";
import { excursion_color, flag_color } from "./flags";
import { reading_sentence } from "./reasons";
import { show_trend } from "./trend_chart";

// [label, method, what the reason is asked for, shown where]
const ACTIONS = [
	{
		label: __("Release"),
		method: "release",
		title: __("Release all rows of this excursion"),
		note: __("Why these readings may be used. It stands in every row, with your name."),
		offered: ({ status }) => status !== "Released",
	},
	{
		label: __("Open nonconformance"),
		method: "open_nonconformance",
		title: __("Open a Nonconformance about this excursion"),
		note: __("What happened, for those who will correct it."),
		offered: () => true,
	},
	{
		label: __("Re-judge with today's policy"),
		method: "rejudge",
		title: __("Judge all rows of this excursion again"),
		note: __("Why the policy of today counts for readings of then."),
		offered: ({ status }) => status !== "Released",
	},
];

frappe.ui.form.on("Edge Excursion", {
	refresh(frm) {
		if (frm.is_new()) return;
		frm.disable_save();
		frm.set_read_only();
		offer_actions(frm);
		show_rows(frm);
	},
});

function offer_actions(frm) {
	if (!frappe.model.can_write("Observation")) return;
	for (const action of ACTIONS.filter(({ offered }) => offered(frm.doc))) {
		frm.add_custom_button(action.label, () => act(frm, action));
	}
}

function act(frm, { label, method, title, note }) {
	const field = { fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1, description: note };
	const run = async ({ reason }) => {
		const { message } = await frappe.call({
			method: `frappe_ext.excursions.${method}`,
			args: { excursion: frm.doc.name, reason },
			freeze: true,
		});
		if (method === "open_nonconformance" && typeof message === "string") {
			frappe.set_route("Form", "Nonconformance", message);
		} else {
			frm.reload_doc();
		}
	};
	frappe.prompt(field, run, title, label);
}

async function show_rows(frm) {
	const found = await ask(frm, "frappe_ext.desk.excursions.rows", { excursion: frm.doc.name });
	if (!found) return;
	show_summary(section(frm, __("What happened"), "summary"), frm, found);
	const { opened_at_ms: from, last_at_ms: to } = found;
	show_trend(section(frm, __("Readings"), "trend"), found.trend, { from, to });
	show_table(section(frm, __("Flagged rows"), "rows"), frm, found);
}

function show_summary(parent, frm, found) {
	const { code, status, severity, peak, count, release_reason } = frm.doc;
	parent.append(
		element(
			"div",
			{ class: "edge-facts" },
			element("div", { class: "edge-fact" }, element("span", { class: "text-muted", text: __("Status") }), pill(__(status), excursion_color(frm.doc))),
			severity ? element("div", { class: "edge-fact" }, element("span", { class: "text-muted", text: __("Severity") }), pill(__(severity), flag_color(severity))) : null,
			fact(__("Worst value"), peak),
			fact(__("Rows"), count),
			fact(__("From"), moment_text(found.opened_at_ms)),
			fact(__("To"), found.last_at_ms ? moment_text(found.last_at_ms) : ""),
		),
	);
	const sentence = reading_sentence(found.reason || code || "");
	parent.append(element("p", { class: "edge-reasons", "data-edge-reasons": "", text: sentence }));
	if (release_reason) parent.append(element("p", { class: "text-muted" }, element("bdi", { text: __("Released: {0}", [release_reason]) })));
}

function show_table(parent, frm, { rows, total }) {
	if (!rows.length) {
		parent.append(element("p", { class: "text-muted", text: __("You may see none of its rows.") }));
		return;
	}
	const lines = rows.map((row) =>
		element(
			"tr",
			{},
			element("td", {}, element("a", { href: `/app/observation/${encodeURIComponent(row.name)}`, text: moment_text(row.at) })),
			element("td", {}, element("bdi", { text: `${row.text} ${row.unit || ""}`.trim() })),
			element("td", {}, pill(__(row.flag), flag_color(row.flag))),
		),
	);
	parent.append(element("table", { class: "table table-sm edge-history" }, element("tbody", {}, ...lines)));
	if (total <= rows.length) return;
	const more = element("a", { href: "#", text: __("All {0} rows", [total]) });
	more.addEventListener("click", (event) => {
		event.preventDefault();
		frappe.set_route("List", "Observation", "List", { excursion: frm.doc.name });
	});
	parent.append(more);
}
