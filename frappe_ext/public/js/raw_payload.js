// What a device sent, as a person can read it: JSON indented, bytes as a dump. The text itself is never changed.

import { element, fact } from "./dom";

const BYTES_A_LINE = 16;

// {text} or {bytes}: a payload that is no text comes as hex: or base64: (wire.md).
export function decode_raw(raw) {
	if (raw.startsWith("hex:")) return { bytes: bytes_of_hex(raw.slice(4)) };
	if (raw.startsWith("base64:")) return { bytes: bytes_of_base64(raw.slice(7)) };
	return { text: raw };
}

export function bytes_of_hex(hex) {
	const pairs = hex.match(/[0-9a-f]{2}/gi) || [];
	return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

function bytes_of_base64(text) {
	// What was cut at the limit may end inside a group of four.
	const whole = text.slice(0, text.length - (text.length % 4));
	try {
		return Uint8Array.from(atob(whole), (char) => char.charCodeAt(0));
	} catch {
		return null;
	}
}

export function hex_dump(bytes) {
	const lines = [];
	for (let start = 0; start < bytes.length; start += BYTES_A_LINE) {
		const row = [...bytes.slice(start, start + BYTES_A_LINE)];
		const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
		lines.push(`${start.toString(16).padStart(4, "0")}  ${hex.padEnd(BYTES_A_LINE * 3)} ${printable(row)}`);
	}
	return lines.join("\n");
}

export function printable(bytes) {
	return [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
}

// Indented JSON, or null where it is none. By its own characters, because parsing would turn 28.50 into 28.5.
export function pretty_json(text) {
	try {
		if (typeof JSON.parse(text) !== "object") return null;
	} catch {
		return null;
	}
	const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs) || [];
	let depth = 0;
	let out = "";
	const next_line = () => `\n${"  ".repeat(depth)}`;
	tokens.forEach((token, index) => {
		const opens = token === "{" || token === "[";
		const closes = token === "}" || token === "]";
		const is_empty = closes && /^[{[]$/.test(tokens[index - 1]);
		if (closes) depth -= 1;
		if (closes && !is_empty) out += next_line();
		out += token === ":" ? ": " : token;
		if (opens) depth += 1;
		if (token === "," || (opens && !/^[}\]]$/.test(tokens[index + 1]))) out += next_line();
	});
	return out;
}

// `raw`: {payload, size, sha256, is_whole} of the server.
export function show_raw(parent, raw) {
	if (!raw.payload) {
		parent.append(element("p", { class: "text-muted", text: __("There is no raw payload: the row is an aggregate.") }));
		return;
	}
	const { text, bytes } = decode_raw(raw.payload);
	const size = bytes ? bytes.length : new TextEncoder().encode(text).length;
	parent.append(
		element(
			"div",
			{ class: "edge-facts" },
			fact(__("Size"), __("{0} bytes", [size])),
			fact("SHA-256", raw.sha256, { class: "edge-hash", dir: "ltr" }),
			fact(__("Check"), raw.is_whole ? __("The payload is whole: its hash fits.") : __("Cut, or kept in another form: the hash is of the whole payload.")),
		),
	);
	const pre = (content, kind) => element("pre", { class: "edge-raw", dir: "ltr", "data-edge-raw": kind, text: content });
	const pretty = text !== undefined ? pretty_json(text) : null;
	if (pretty) parent.append(pre(pretty, "json"));
	else if (bytes) parent.append(pre(hex_dump(bytes), "dump"));
	if (bytes) parent.append(details(__("As stored"), pre(raw.payload, "stored")));
	else if (pretty) parent.append(details(__("As received"), pre(text, "text")));
	else parent.append(pre(text ?? raw.payload, "text"));
}

function details(label, content) {
	return element("details", {}, element("summary", { text: label }), content);
}

export function raw_dialog(raw) {
	const dialog = new frappe.ui.Dialog({ title: __("Raw payload"), size: "large" });
	show_raw(dialog.body, raw);
	dialog.on_hide = () => dialog.$wrapper.remove(); // Frappe would keep it in the page
	dialog.show();
}
