// Desk behaviour of record types; loaded with Desk (app_include_js), because scripts beside a type are not loaded
// where another app owns it.

const FLAG_COLORS = { OK: "green", Warning: "orange", Quarantine: "red", Invalid: "gray" };

frappe.provide("frappe.listview_settings");

frappe.listview_settings["Observation"] = {
	add_fields: ["quality_flag"],
	get_indicator(doc) {
		const flag = doc.quality_flag;
		return [__(flag), FLAG_COLORS[flag] || "gray", `quality_flag,=,${flag}`];
	},
};

frappe.listview_settings["Edge Gateway"] = {
	add_fields: ["enabled", "revoked", "held"],
	get_indicator(doc) {
		if (doc.revoked) return [__("Revoked"), "red", "revoked,=,1"];
		if (doc.held) return [__("Held"), "orange", "held,=,1"];
		if (!doc.enabled) return [__("Disabled"), "gray", "enabled,=,0"];
		return [__("Enabled"), "green", "enabled,=,1"];
	},
};

frappe.ui.form.on("Edge Gateway", {
	refresh(frm) {
		if (frm.is_new() || !frappe.user.has_role("System Manager")) return;
		frm.add_custom_button(__("New key"), () => issue_key(frm));
		if (frm.doc.held) frm.add_custom_button(__("Keep one instance"), () => keep_instance(frm));
	},
});

async function issue_key(frm) {
	const { message } = await frappe.call({
		method: "frappe_ext.auth.issue_key",
		args: { gateway: frm.doc.name },
		freeze: true,
	});
	if (!message) return;
	const dialog = new frappe.ui.Dialog({ title: __("New key of {0}", [frm.doc.gateway_id]) });
	const note = document.createElement("p");
	note.textContent = __("Shown once. Put this line into the gateway's key file (mode 0600):");
	const key = document.createElement("pre");
	key.dataset.edgeKey = "";
	key.textContent = `${message.key_id}:${message.secret}`;
	dialog.body.append(note, key);
	dialog.show();
	frm.reload_doc();
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
		async ({ instance }) => {
			await frappe.call({
				method: "frappe_ext.auth.keep_instance",
				args: { gateway: frm.doc.name, instance },
				freeze: true,
			});
			frm.reload_doc();
		},
		__("Two instances send as {0}", [frm.doc.gateway_id]),
	);
}
