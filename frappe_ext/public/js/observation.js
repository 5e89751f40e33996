// The form of an observation: what is wrong with it in sentences, the readings around it, what was sent.

import { ask, element, moment_text, pill, section } from "./dom";
import { excursion_color, flag_color } from "./flags";
import { fix_measured } from "./measured";
import { raw_dialog, show_raw } from "./raw_payload";
import { reading_sentence, sentence_list, show_sentences } from "./reasons";
import { show_trend } from "./trend_chart";

const MEASURED = [
	"site",
	"observed_at",
	"observation_type",
	"value",
	"value_text",
	"has_value",
	"unit",
	"quality_reasons",
	"policy_version",
];

fix_measured("Observation", ({ edge_uid, device }) => {
	if (!edge_uid) return [];
	return device ? [...MEASURED, "device"] : MEASURED;
});

frappe.ui.form.on("Observation", {
	refresh(frm) {
		for (const fieldname of ["quality_reasons", "edge_reasons", "server_reasons"]) {
			show_sentences(frm, fieldname, reading_sentence);
		}
		if (!frm.is_new()) show_around(frm);
	},
});

async function show_around(frm) {
	const around = await ask(frm, "frappe_ext.desk.observations.around", { observation: frm.doc.name });
	if (!around) return;
	show_verdict(section(frm, __("Verdict"), "verdict"), frm, around);
	const { name, observed_at_ms } = frm.doc;
	const marks = { current: name, at: observed_at_ms || undefined };
	show_trend(section(frm, __("Readings around it"), "trend"), around.trend, marks);
	show_raw_below(frm, around.raw);
	if (around.raw.payload) frm.add_custom_button(__("Raw payload"), () => raw_dialog(around.raw));
}

function show_verdict(parent, frm, { excursion, history }) {
	const { quality_flag, quality_reasons, edge_flag, server_flag } = frm.doc;
	const flags = element("div", { class: "edge-facts" });
	flags.append(
		...[
			flag_fact(__("Flag"), quality_flag),
			flag_fact(__("Gateway's flag"), edge_flag),
			flag_fact(__("Server's flag"), server_flag),
			excursion_link(excursion),
		].filter(Boolean),
	);
	parent.append(flags);
	const list = sentence_list(quality_reasons, reading_sentence);
	if (list) parent.append(list);
	if (history.length) parent.append(history_table(history));
}

function flag_fact(label, flag) {
	if (!flag) return null;
	return element("div", { class: "edge-fact" }, element("span", { class: "text-muted", text: label }), pill(__(flag), flag_color(flag)));
}

function excursion_link(excursion) {
	if (!excursion) return null;
	const href = `/app/edge-excursion/${encodeURIComponent(excursion.name)}`;
	const link = element("a", { href, "data-edge-excursion": "" }, pill(__(excursion.status), excursion_color(excursion)));
	return element("div", { class: "edge-fact" }, element("span", { class: "text-muted", text: __("Excursion") }), link);
}

// Who said what, oldest first. `by` of a gateway or person is text from outside.
const AUTHORS = { gateway: __("Gateway"), server: __("Server"), amend: __("Gateway, later"), person: __("Person") };
const CAUSES = {
	spike: __("seen as a spike one reading late"),
	flat_line: __("seen as a flat line later"),
	clock: __("its clock was repaired"),
	rejudge: __("judged again"),
	neighbour: __("compared with its neighbours"),
};

function history_table(history) {
	const rows = history.map((entry) =>
		element(
			"tr",
			{},
			element("td", { text: entry.at_ms ? moment_text(entry.at_ms) : "" }),
			element("td", {}, element("bdi", { text: [AUTHORS[entry.author], entry.by].filter(Boolean).join(": ") })),
			element("td", {}, entry.flag ? pill(__(entry.flag), flag_color(entry.flag)) : null),
			element("td", {}, element("bdi", { text: words_of(entry) })),
		),
	);
	const table = element("table", { class: "table table-sm edge-history" }, element("tbody", {}, ...rows));
	return element("details", { open: "" }, element("summary", { text: __("History of the verdict") }), table);
}

function words_of({ cause, reasons, words }) {
	const sentences = reasons.map(reading_sentence);
	return [CAUSES[cause] || cause, ...sentences, words].filter(Boolean).join(" · ");
}

function show_raw_below(frm, raw) {
	const field = frm.fields_dict.raw_payload;
	const wrapper = field?.$wrapper?.[0];
	if (!wrapper) return;
	wrapper.querySelector("[data-edge-viewer]")?.remove();
	const viewer = element("div", { "data-edge-viewer": "" });
	show_raw(viewer, raw);
	wrapper.append(viewer);
}
