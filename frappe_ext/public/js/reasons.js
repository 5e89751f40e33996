// Codes of the rules as sentences: one table for readings and excursions, one for weights (a code may stand in both).
// The codes stay beside them: filters and exports know the codes.

import { element } from "./dom";

// {0}: the detail behind the code.
const OF_READINGS = {
	critical_max: __("The value is above the critical limit of {0}."),
	critical_min: __("The value is below the critical limit of {0}."),
	warning_max: __("The value is above the warning limit of {0}."),
	warning_min: __("The value is below the warning limit of {0}."),
	valid_max: __("The value is above {0}, the end of what this sensor can measure."),
	valid_min: __("The value is below {0}, the end of what this sensor can measure."),
	unknown_device: __("The device is not among the site's devices."),
	unit_mismatch: __("The unit {0} is not the policy's: its limits were not applied."),
	unit_missing: __("The reading has no unit: the policy's limits were not applied."),
	bad_time: __("The device sent a time that cannot be used ({0}): the time of arrival stands instead."),
	no_policy: __("No policy is active for this site and type."),
	no_value: __("There is no value."),
	not_a_number: __("The value is not a number ({0})."),
	not_storable: __("The number is too large or has too many digits to be stored."),
	comma_decimal: __("The value is written with a comma ({0}); it could mean two numbers."),
	undecodable: __("The message could not be read: {0}."),
	no_metric: __("The message does not say what was measured."),
	bad_metric: __("What was measured has a name that cannot be stored ({0})."),
	not_an_object: __("The message is JSON, but no reading ({0})."),
	register_missing: __("The device did not answer for register {0}."),
	sentinel: __("The device says that it has no valid value ({0})."),
	spike: __("The value jumped by {0} and came back: more than this quantity can."),
	rate: __("The value changes faster than this quantity can ({0} an hour)."),
	flat_line: __("The value has not moved for {0} hours: the sensor may be stuck."),
	gap: __("Readings are missing before this one ({0})."),
	stale: __("The device was silent for {0} minutes."),
	clock: __("The gateway's clock was wrong: the time was corrected."),
	clock_unsynced: __("The gateway's clock was not set when this was measured."),
	neighbour: __("It differs from the sensors beside it ({0})."),
};

const OF_WEIGHTS = {
	net_vs_declared: __("The net differs from the declared weight by {0}."),
	net_arithmetic: __("Gross, tare and net do not fit together ({0})."),
	gross_below_tare: __("The gross is below the tare."),
	weight_not_captured: __("The {0} weight is not the one that the scale captured, or its weighing never arrived."),
	unit_mismatch: __("The two weighings have different units ({0})."),
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

// Details that are words of ours; every other one stands as it came.
const DETAILS = { weight_not_captured: { gross: __("gross"), tare: __("tare") } };

export const reading_sentence = (reason) => sentence_of(reason, OF_READINGS);
export const weight_sentence = (reason) => sentence_of(reason, OF_WEIGHTS);

// A code that no table knows (a newer gateway's) is shown as it came.
function sentence_of(reason, sentences) {
	const [code, ...detail] = reason.split(":");
	if (!Object.hasOwn(sentences, code)) return reason;
	const said = detail.join(":");
	return sentences[code].replace("{0}", () => DETAILS[code]?.[said] || said || "?");
}

export function lines_of(text) {
	return (text || "").split("\n").filter(Boolean);
}

// A list of sentences, or nothing where there is no reason.
export function sentence_list(text, sentence) {
	const reasons = lines_of(text);
	if (!reasons.length) return null;
	const items = reasons.map((reason) => element("li", { title: reason, text: sentence(reason) }));
	return element("ul", { class: "edge-reasons", "data-edge-reasons": "" }, ...items);
}

// Below the field with the codes.
export function show_sentences(frm, fieldname, sentence) {
	const wrapper = frm.fields_dict[fieldname]?.$wrapper?.[0];
	if (!wrapper) return;
	wrapper.querySelector("[data-edge-reasons]")?.remove();
	const list = sentence_list(frm.doc[fieldname], sentence);
	if (list) wrapper.append(list);
}
