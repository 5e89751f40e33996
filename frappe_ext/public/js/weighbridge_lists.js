// Lists of the weighbridge. A laptop's width has room for one column beside title and status, or two without a status,
// so the title says what a row is about.

import { number_text } from "./dom";
import { as_text, joined } from "./plain_text";

frappe.provide("frappe.listview_settings");

const STATUS_COLORS = { Open: "orange", Completed: "green", Void: "gray", Corrected: "gray" };

frappe.listview_settings["ScaleTicket"] = {
	add_fields: ["mismatch_flag", "status", "net_kg", "vehicle"],
	hide_name_column: true,
	get_indicator(doc) {
		const counts = doc.status !== "Void" && doc.status !== "Corrected";
		if (doc.mismatch_flag && counts) return [__("Mismatch"), "red", "mismatch_flag,=,1"];
		const status = doc.status || "Completed";
		return [__(status), STATUS_COLORS[status] || "gray", `status,=,${status}`];
	},
	formatters: {
		ticket_number: (number, df, doc) =>
			joined(number || doc.name, doc.vehicle, `${number_text(doc.net_kg, 3)} kg`),
		vehicle: as_text,
		driver: as_text,
	},
};

frappe.listview_settings["Nonconformance"] = {
	add_fields: ["status", "severity", "capa_description", "reference_doctype"],
	hide_name_column: true,
	get_indicator(doc) {
		const colors = { Open: doc.severity === "Critical" ? "red" : "orange", "Under Review": "blue" };
		return [__(doc.status), colors[doc.status] || "green", `status,=,${doc.status}`];
	},
	formatters: {
		// Many of the rules' have one type; their descriptions begin with the reason and what they are about.
		nc_type(type, df, doc) {
			const description = (doc.capa_description || "").slice(0, 200);
			return doc.reference_doctype && description ? joined(description) : joined(type || doc.name, description);
		},
	},
};

frappe.listview_settings["Edge Weighing"] = {
	add_fields: ["seq", "unit"],
	hide_name_column: true,
	formatters: {
		device_text: (scale, df, doc) => joined(scale, __("no. {0}", [doc.seq])),
		value_text: (value, df, doc) => as_text(value ? `${value} ${doc.unit || ""}` : ""),
	},
};

frappe.listview_settings["Edge Weighing Order"] = {
	add_fields: ["status", "vehicle"],
	get_indicator(doc) {
		return [__(doc.status), doc.status === "Open" ? "orange" : "green", `status,=,${doc.status}`];
	},
	formatters: {
		name: (name, df, doc) => joined(name, doc.vehicle),
		vehicle: as_text,
		driver: as_text,
	},
};

const LOT_COLORS = { Draft: "gray", Accepted: "green", Rejected: "red", "For Dispatch": "blue", Dispatched: "green" };

frappe.listview_settings["Lot"] = {
	add_fields: ["status"],
	hide_name_column: true,
	get_indicator: ({ status }) => [__(status), LOT_COLORS[status] || "gray", `status,=,${status}`],
	formatters: { lot_number: (number) => joined(number), crop: as_text },
};

frappe.listview_settings["Site Tolerance Policy"] = {
	add_fields: ["active"],
	hide_name_column: true,
	get_indicator: (doc) => (doc.active ? [__("Active"), "green", "active,=,1"] : [__("Inactive"), "gray", "active,=,0"]),
};

frappe.listview_settings["Edge Vehicle"] = { hide_name_column: true, formatters: { plate: (plate) => joined(plate) } };
