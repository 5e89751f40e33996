// Lists of what gateways send and of those who send it. A laptop's width has room for one column beside title and
// status, or two without a status, so the title says what a row is about.

import { as_text, joined } from "./plain_text";
import { excursion_color, flag_color } from "./flags";

frappe.provide("frappe.listview_settings");

const SILENT_AFTER_MIN = 10;
const EXPIRES_SOON_DAYS = 30;

frappe.listview_settings["Observation"] = {
	add_fields: ["quality_flag", "value", "has_value", "value_text", "unit"],
	hide_name_column: true,
	get_indicator: ({ quality_flag: flag }) => [__(flag), flag_color(flag), `quality_flag,=,${flag}`],
	formatters: {
		// Type and value in one column. A reading without a value is stored as 0.
		observation_type(type, df, doc) {
			const has_value = doc.has_value || flt(doc.value);
			const reading = has_value ? `${type}: ${doc.value_text || doc.value} ${doc.unit || ""}` : type;
			return joined(reading.trim());
		},
	},
};

frappe.listview_settings["Edge Excursion"] = {
	add_fields: ["status", "severity", "code", "count", "peak", "observation_type"],
	hide_name_column: true,
	get_indicator: (doc) => [__(doc.status), excursion_color(doc), `status,=,${doc.status}`],
	formatters: {
		device_text: (device, df, doc) => joined(device, doc.observation_type, doc.peak || doc.code),
		code: as_text,
		peak: as_text,
	},
};

frappe.listview_settings["Certificate"] = {
	add_fields: ["status", "expiry_date"],
	hide_name_column: true,
	get_indicator(doc) {
		const colors = { Active: "green", Expired: "red", Revoked: "gray" };
		const soon = frappe.datetime.add_days(frappe.datetime.nowdate(), EXPIRES_SOON_DAYS);
		if (doc.status === "Active" && doc.expiry_date && doc.expiry_date < soon) {
			return [__("Expires soon"), "orange", `status,=,Active|expiry_date,<,${soon}`];
		}
		return [__(doc.status), colors[doc.status] || "gray", `status,=,${doc.status}`];
	},
	formatters: { certificate_number: (number) => joined(number), cert_type: as_text },
};

frappe.listview_settings["Edge Gateway"] = {
	add_fields: ["enabled", "revoked", "held", "last_seen"],
	hide_name_column: true,
	get_indicator(doc) {
		if (doc.revoked) return [__("Revoked"), "red", "revoked,=,1"];
		if (doc.held) return [__("Held"), "orange", "held,=,1"];
		if (!doc.enabled) return [__("Disabled"), "gray", "enabled,=,0"];
		if (!doc.last_seen) return [__("Never seen"), "gray", "last_seen,is,not set"];
		const limit = moment(frappe.datetime.system_datetime()).subtract(SILENT_AFTER_MIN, "minutes");
		if (moment(doc.last_seen).isBefore(limit)) {
			return [__("Silent"), "orange", `last_seen,<,${limit.format(frappe.defaultDatetimeFormat)}`];
		}
		return [__("Online"), "green", "enabled,=,1"];
	},
};

// Rows are gone: worst where something could not be judged any more.
const GAP_COLORS = { thinned_ok: "blue", thinned_folded: "blue", thinned_warning: "orange", thinned_invalid: "orange" };
const GAP_WORDS = {
	thinned_ok: __("Thinned out: good readings"),
	thinned_folded: __("Thinned out: repeats"),
	thinned_warning: __("Thinned out: warnings"),
	thinned_invalid: __("Thinned out: invalid readings"),
	dead_letter_bound: __("Too many refused rows"),
	corrupt: __("Store was damaged"),
};

frappe.listview_settings["Edge Gap"] = {
	add_fields: ["reason", "count"],
	hide_name_column: true,
	get_indicator: ({ reason }) => [joined(GAP_WORDS[reason] || reason), GAP_COLORS[reason] || "red", `reason,=,${reason}`],
	formatters: { reason: (reason, df, doc) => joined(GAP_WORDS[reason] || reason, __("{0} rows", [doc.count])) },
};

frappe.listview_settings["Edge Amend"] = {
	add_fields: ["flag", "cause"],
	hide_name_column: true,
	get_indicator: ({ flag }) => [__(flag || "Unchanged"), flag_color(flag), `flag,=,${flag}`],
	formatters: { cause: (cause) => joined(cause), target_uid: as_text },
};

const REJECTION_COLORS = { Open: "red", Replayed: "green", Dismissed: "gray" };

frappe.listview_settings["Edge Rejection"] = {
	add_fields: ["status", "code", "count", "field"],
	hide_name_column: true,
	get_indicator: ({ status }) => [__(status), REJECTION_COLORS[status] || "gray", `status,=,${status}`],
	formatters: { code: (code, df, doc) => joined(code, doc.field, `×${doc.count}`), field: as_text },
};

frappe.listview_settings["Edge Operator"] = {
	add_fields: ["active"],
	hide_name_column: true,
	get_indicator: (doc) => (doc.active ? [__("Active"), "green", "active,=,1"] : [__("Inactive"), "gray", "active,=,0"]),
};

frappe.listview_settings["Device"] = {
	add_fields: ["status"],
	hide_name_column: true,
	get_indicator(doc) {
		const status = doc.status || "Active";
		return [__(status), status === "Active" ? "green" : "gray", `status,=,${status}`];
	},
	formatters: { device_name: (name) => joined(name), device_id: as_text },
};

frappe.listview_settings["Site"] = { hide_name_column: true, formatters: { site_code: as_text } };

frappe.listview_settings["Observation Threshold Policy"] = {
	add_fields: ["active"],
	hide_name_column: true,
	get_indicator: (doc) => (doc.active ? [__("Active"), "green", "active,=,1"] : [__("Inactive"), "gray", "active,=,0"]),
	formatters: { observation_type: as_text },
};
