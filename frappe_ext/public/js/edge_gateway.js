// Edge Gateway: its keys (rotation: new key, test, revoke the old one), enrolment codes, held instances, and the breach
// procedure in the list. The server checks every role again.

import { element } from "./dom";

const KEY_WARN_DAYS = 80;

frappe.ui.form.on("Edge Gateway", {
	refresh(frm) {
		// A row comes with a key, never by hand.
		frm.set_df_property("credentials", "cannot_add_rows", true);
		if (frm.is_new()) return;
		warn_of_age(frm);
		const keeper = frappe.user.has_role("System Manager");
		if (keeper || frappe.user.has_role("IT Admin")) {
			frm.add_custom_button(__("Enrolment code"), () => new_code(frm));
		}
		if (!keeper) return;
		frm.add_custom_button(__("New key"), () => issue_key(frm), __("Keys"));
		frm.add_custom_button(__("Revoke all keys"), () => revoke_keys(frm), __("Keys"));
		if (frm.doc.held) frm.add_custom_button(__("Keep one instance"), () => keep_instance(frm));
	},
});

frappe.provide("frappe.listview_settings");
const list_settings = (frappe.listview_settings["Edge Gateway"] ||= {});
const list_onload = list_settings.onload;
list_settings.onload = function (listview) {
	list_onload?.call(this, listview);
	if (!frappe.user.has_role("System Manager")) return;
	listview.page.add_menu_item(__("Revoke all keys of all gateways"), () => revoke_all(listview));
};

function warn_of_age(frm) {
	const days = (row) => frappe.datetime.get_day_diff(frappe.datetime.now_datetime(), row.creation);
	const aged = (frm.doc.credentials || []).filter(
		(row) => !row.revoked && row.creation && days(row) >= KEY_WARN_DAYS,
	);
	for (const row of aged) {
		const text = __("Key {0} is {1} days old: issue a new one, test it, revoke this one.", [row.key_id, days(row)]);
		frm.dashboard.add_comment(frappe.utils.escape_html(text), "orange", true);
	}
}

function new_code(frm) {
	frappe.call({
		method: "frappe_ext.enrolment.new_code",
		args: { gateway: frm.doc.name },
		freeze: true,
		callback: ({ message }) => message && show_code(message),
	});
}

function show_code({ gateway, code, valid_s, url, fingerprint }) {
	const command = `edge-agent enroll ${url} ${code}`;
	const seen = [];
	if (fingerprint.sha256) {
		const note = __("SHA-256 of the server's certificate, as the gateway must show it before you confirm:");
		const digits = fingerprint.sha256.replace(/..(?=.)/g, "$&:");
		seen.push(element("p", { text: note }));
		seen.push(element("pre", { "data-edge-fingerprint": "", style: "white-space: pre-wrap", text: digits }));
	}
	if (fingerprint.subject) seen.push(element("p", { class: "text-muted", text: fingerprint.subject }));
	show_once(
		__("Enrolment code of {0}", [frappe.utils.escape_html(gateway)]),
		command,
		element("p", { text: __("Valid for {0} minutes, once. An older code no longer works.", [valid_s / 60]) }),
		element("pre", { "data-edge-code": "", style: "user-select: all; font-size: 1.4em", text: code }),
		element("p", { text: __("On the gateway:") }),
		element("pre", { style: "user-select: all", text: command }),
		...seen,
		element("p", { class: "text-muted", text: fingerprint.note }),
	);
}

function issue_key(frm) {
	frappe.call({
		method: "frappe_ext.auth.issue_key",
		args: { gateway: frm.doc.name },
		freeze: true,
		callback({ message }) {
			if (!message) return;
			const line = `${message.key_id}:${message.secret}`;
			show_once(
				__("New key of {0}", [frappe.utils.escape_html(frm.doc.gateway_id)]),
				line,
				element("p", { text: __("Shown once. Put this line into the gateway's key file (mode 0600):") }),
				element("pre", { "data-edge-key": "", style: "user-select: all", text: line }),
			);
			frm.reload_doc();
		},
	});
}

function show_once(title, line, ...content) {
	const dialog = new frappe.ui.Dialog({
		title,
		static: true, // a click beside it or Escape must not lose what is shown
		primary_action_label: __("Copy"),
		primary_action: () => frappe.utils.copy_to_clipboard(line),
		secondary_action_label: __("Close"),
		secondary_action: () => dialog.hide(),
	});
	dialog.body.append(...content);
	dialog.on_hide = () => dialog.$wrapper.remove(); // Frappe would keep it in the page
	dialog.show();
}

const REASON = { fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 };

function revoke_keys(frm) {
	const note = __("The gateway is refused at once, keeps what it measures, and sends it after it has enrolled again.");
	frappe.prompt(
		[{ ...REASON, description: note }],
		({ reason }) => {
			frappe.call({
				method: "frappe_ext.auth.revoke_keys",
				args: { gateway: frm.doc.name, reason },
				freeze: true,
				callback: () => frm.reload_doc(),
			});
		},
		__("Revoke all keys of {0}", [frappe.utils.escape_html(frm.doc.gateway_id)]),
		__("Revoke"),
	);
}

function revoke_all(listview) {
	const site = frappe.boot.sitename;
	const note = __("Every gateway of this site is refused at once and has to enrol again. They keep what they measure.");
	frappe.prompt(
		[
			{ ...REASON, description: note },
			{ fieldname: "confirm", fieldtype: "Data", label: __("To confirm, type {0}", [site]), reqd: 1 },
		],
		({ reason, confirm }) => {
			frappe.call({
				method: "frappe_ext.auth.revoke_all_keys",
				args: { confirm, reason },
				freeze: true,
				callback({ message }) {
					if (!message) return;
					frappe.msgprint(__("{0} keys of {1} gateways are revoked.", [message.keys, message.gateways]));
					listview.refresh();
				},
			});
		},
		__("Revoke all keys of all gateways"),
		__("Revoke"),
	);
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
