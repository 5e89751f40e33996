// Pieces of a form that are made here. Text from outside comes in as a string and stays text.

// `attributes`: as in HTML; `text` is the element's text. Children that are strings become text, empty ones nothing.
export function element(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	fill(node, attributes, children);
	return node;
}

export function svg_element(tag, attributes = {}, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
	fill(node, attributes, children);
	return node;
}

function fill(node, { text, ...attributes }, children) {
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== undefined && value !== null) node.setAttribute(name, value);
	}
	if (text !== undefined) node.textContent = text;
	node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
}

// A section above the form's fields. Frappe takes it away at the next refresh.
export function section(frm, label, name) {
	const body = frm.dashboard.add_section("", label);
	frm.dashboard.show();
	const node = body[0];
	node.dataset.edgeSection = name;
	node.classList.add("edge-section");
	return node;
}

// Label and value beside each other; without a value nothing.
export function fact(label, value, attributes = {}) {
	if (value === undefined || value === null || value === "") return null;
	return element("div", { class: "edge-fact" }, element("span", { class: "text-muted", text: label }), element("bdi", { text: value, ...attributes }));
}

// Asks the server, and answers nothing where the form shows another document by then.
export async function ask(frm, method, args) {
	const name = frm.doc.name;
	const answer = await frappe.xcall(method, args);
	return frm.doc.name === name ? answer : null;
}

export function pill(text, color) {
	return element("span", { class: `indicator-pill no-indicator-dot ${color}`, text });
}

// UTC milliseconds in the user's time zone and date format.
export function moment_text(utc_ms, with_date = true) {
	const zone = frappe.boot.time_zone?.user || frappe.boot.time_zone?.system || frappe.sys_defaults.time_zone;
	const at = zone ? moment.utc(utc_ms).tz(zone) : moment(utc_ms);
	return at.format(with_date ? `${frappe.datetime.get_user_date_fmt().toUpperCase()} HH:mm:ss` : "HH:mm");
}

// A number in the user's format, without zeros that say nothing.
export function number_text(value, decimals) {
	const text = format_number(flt(value), null, decimals);
	const { decimal_str } = get_number_format_info(get_number_format());
	if (!decimal_str || !text.includes(decimal_str)) return text;
	const trimmed = text.replace(/0+$/, "");
	return trimmed.endsWith(decimal_str) ? trimmed.slice(0, -decimal_str.length) : trimmed;
}
