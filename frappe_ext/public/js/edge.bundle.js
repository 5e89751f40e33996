// Desk behaviour of record types; loaded with Desk (app_include_js), because scripts beside a type are not loaded
// where another app owns it.

import { joined } from "./plain_text";
import "./scale_ticket";
import "./site_choices";
import "./weighbridge_lists";

const FLAG_COLORS = { OK: "green", Warning: "orange", Quarantine: "red", Invalid: "gray" };

frappe.provide("frappe.listview_settings");

frappe.listview_settings["Observation"] = {
	add_fields: ["quality_flag", "value", "has_value", "value_text", "unit"],
	hide_name_column: true,
	get_indicator(doc) {
		const flag = doc.quality_flag;
		return [__(flag), FLAG_COLORS[flag] || "gray", `quality_flag,=,${flag}`];
	},
	formatters: {
		// Type and value in one column: a laptop's width has room for three. A reading without a value is stored as 0.
		observation_type(type, df, doc) {
			const has_value = doc.has_value || flt(doc.value);
			const reading = has_value ? `${type}: ${doc.value_text || doc.value} ${doc.unit || ""}` : type;
			return joined(reading.trim());
		},
	},
};

frappe.listview_settings["Edge Gateway"] = {
	add_fields: ["enabled", "revoked", "held"],
	hide_name_column: true,
	get_indicator(doc) {
		if (doc.revoked) return [__("Revoked"), "red", "revoked,=,1"];
		if (doc.held) return [__("Held"), "orange", "held,=,1"];
		if (!doc.enabled) return [__("Disabled"), "gray", "enabled,=,0"];
		return [__("Enabled"), "green", "enabled,=,1"];
	},
};

// The server refuses a change of these in a row that a gateway wrote; the form says so beforehand.
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

frappe.ui.form.on("Observation", {
	refresh(frm) {
		if (!frm.doc.edge_uid) return;
		const fields = frm.doc.device ? [...MEASURED, "device"] : MEASURED;
		for (const fieldname of fields) frm.set_df_property(fieldname, "read_only", 1);
	},
});

for (const doctype of ["Observation Threshold Policy", "Site Tolerance Policy"]) {
	frappe.ui.form.on(doctype, {
		setup(frm) {
			for (const field of frm.fields) {
				if (field.df.fieldtype === "Float") without_trailing_zeros(field);
			}
		},
	});
}

// As many decimals as are kept would be shown: 10.000000000 is read as 10.
function without_trailing_zeros(field) {
	const format = field.format_for_input;
	field.format_for_input = function (value) {
		const text = format.call(this, value);
		const { decimal_str } = get_number_format_info(this.get_number_format());
		if (!text || !decimal_str || !text.includes(decimal_str)) return text;
		const trimmed = text.replace(/0+$/, "");
		return trimmed.endsWith(decimal_str) ? trimmed.slice(0, -decimal_str.length) : trimmed;
	};
}

frappe.ui.form.on("Edge Gateway", {
	refresh(frm) {
		// A row comes with a key, never by hand.
		frm.set_df_property("credentials", "cannot_add_rows", true);
		if (frm.is_new() || !frappe.user.has_role("System Manager")) return;
		frm.add_custom_button(__("New key"), () => issue_key(frm));
		if (frm.doc.held) frm.add_custom_button(__("Keep one instance"), () => keep_instance(frm));
	},
});

function issue_key(frm) {
	frappe.call({
		method: "frappe_ext.auth.issue_key",
		args: { gateway: frm.doc.name },
		freeze: true,
		callback({ message }) {
			if (!message) return;
			show_key(frm.doc.gateway_id, `${message.key_id}:${message.secret}`);
			frm.reload_doc();
		},
	});
}

function show_key(gateway_id, line) {
	const dialog = new frappe.ui.Dialog({
		title: __("New key of {0}", [frappe.utils.escape_html(gateway_id)]),
		static: true, // a click beside it or Escape must not lose the key
		primary_action_label: __("Copy"),
		primary_action: () => frappe.utils.copy_to_clipboard(line),
		secondary_action_label: __("Close"),
		secondary_action: () => dialog.hide(),
	});
	const note = document.createElement("p");
	note.textContent = __("Shown once. Put this line into the gateway's key file (mode 0600):");
	const key = document.createElement("pre");
	key.dataset.edgeKey = "";
	key.style.userSelect = "all";
	key.textContent = line;
	dialog.body.append(note, key);
	dialog.on_hide = () => dialog.$wrapper.remove(); // Frappe would keep it in the page
	dialog.show();
}

function keep_instance(frm) {
	const instances = [...new Set(JSON.parse(frm.doc.instance_trail || "[]").map(([name]) => name))];
	frappe.prompt(
		{
			fieldname: "instance",
			fieldtype: "Select",
			label: __("Keep"),
			options: instances,
			reqd: 1,
			description: __("The others are refused from now on: stop them."),
		},
		({ instance }) => {
			frappe.call({
				method: "frappe_ext.auth.keep_instance",
				args: { gateway: frm.doc.name, instance },
				freeze: true,
				callback: () => frm.reload_doc(),
			});
		},
		__("Two instances send as {0}", [frm.doc.gateway_id]),
	);
}
